import type { Topology } from './topology.ts';

/** One Postgres and one Redis, reached directly: what all other tests run on. */
export const local: Topology = {
  name: 'local',
  what: 'one Postgres, one Redis, one of each service',
  start: async () => ({ stop: async () => {} }),
};
