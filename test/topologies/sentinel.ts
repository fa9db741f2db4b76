import path from 'node:path';
import { redisDatabases } from '@kasabi/test/support/redis';
import { startSentinelGroup } from '@kasabi/test/support/redis-sentinel';
import type { Topology } from './topology.ts';

/** Redis behind sentinels, which have a password of their own. */
export const sentinel: Topology = {
  name: 'sentinel',
  what: 'a Redis with a replica, found through three sentinels',
  async start({ folder }) {
    const group = await startSentinelGroup({
      folder: path.join(folder, 'sentinel'),
      databases: redisDatabases,
    });
    const ofAll = { REDIS_SENTINEL_PASSWORD: group.sentinelPassword };
    return {
      redisUrl: group.url,
      redisSentinelPassword: group.sentinelPassword,
      settings: { api: ofAll, worker: ofAll, operations: ofAll },
      stop: group.stop,
    };
  },
};
