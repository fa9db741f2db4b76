import path from 'node:path';
import { redisDatabases } from '@kasabi/test/support/redis';
import { startRedisServer } from '@kasabi/test/support/redis-server';
import { findValkey, ValkeyMissing } from '@kasabi/test/support/valkey';
import { type Topology, TopologyUnavailable } from './topology.ts';

const password = 'of-valkey';

/** Valkey in the place of Redis. */
export const valkey: Topology = {
  name: 'valkey',
  what: 'Valkey instead of Redis',
  async start({ folder, log }) {
    const program = await findValkey(log).catch((error: unknown) => {
      if (error instanceof ValkeyMissing) throw new TopologyUnavailable(error.message);
      throw error;
    });
    const server = await startRedisServer({
      ...{ folder: path.join(folder, 'valkey'), password, program },
      configuration: [`databases ${redisDatabases}`],
    });
    return { redisUrl: `redis://:${password}@127.0.0.1:${server.port}`, stop: server.kill };
  },
};
