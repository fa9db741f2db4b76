import path from 'node:path';
import { startRedisCluster } from '@kasabi/test/support/redis-cluster';
import type { Topology } from './topology.ts';

/** So many stacks run at a time: one test file's, since clusters have no logical databases to share. */
const clusters = 3;

/** Redis Cluster: three masters, of which one holds the queue and all hold counts of requests. */
export const cluster: Topology = {
  name: 'cluster',
  what: 'a Redis Cluster of three masters for each stack',
  async start({ folder }) {
    const started = await Promise.all(
      Array.from({ length: clusters }, (_, n) =>
        startRedisCluster({ folder: path.join(folder, `cluster-${n + 1}`), replicas: false }),
      ),
    );
    return {
      redisUrls: started.map(({ url }) => url),
      concurrency: 1,
      stop: async () => {
        await Promise.all(started.map(({ stop }) => stop()));
      },
    };
  },
};
