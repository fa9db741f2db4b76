import path from 'node:path';
import { findOnPath } from '@kasabi/local';
import { environment } from '@kasabi/test/support/env';
import { redisDatabases } from '@kasabi/test/support/redis';
import { startRedisServer } from '@kasabi/test/support/redis-server';
import { type Topology, TopologyUnavailable } from './topology.ts';

const password = 'of-valkey';

/** Valkey in the place of Redis. */
export const valkey: Topology = {
  name: 'valkey',
  what: 'Valkey instead of Redis',
  async start({ folder }) {
    const { VALKEY, PATH = '' } = environment();
    const program = VALKEY ?? findOnPath('valkey-server', PATH);
    if (program === undefined) {
      throw new TopologyUnavailable('there is no valkey-server on the PATH, and VALKEY names none');
    }
    const server = await startRedisServer({
      ...{ folder: path.join(folder, 'valkey'), password, program },
      configuration: [`databases ${redisDatabases}`],
    });
    return { redisUrl: `redis://:${password}@127.0.0.1:${server.port}`, stop: server.kill };
  },
};
