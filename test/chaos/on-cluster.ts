import { rmSync } from 'node:fs';
import path from 'node:path';
import type { ManagedProcess } from '@kasabi/local';
import type { SocketProxy } from '@kasabi/test/support/proxy';
import { openTestRedis } from '@kasabi/test/support/redis-client';
import { type RedisCluster, startRedisCluster } from '@kasabi/test/support/redis-cluster';
import type { RedisServer } from '@kasabi/test/support/redis-server';
import { waitFor } from '@kasabi/test/support/wait-for';
import type { Servers } from './servers.ts';

/**
 * The same servers with a Redis Cluster of three masters and their replicas. Each fault of Redis strikes the node that
 * holds the queue: it is killed, loses its data, hands over to its replica with its connections kept, or is frozen until
 * its replica has taken over. The sockets of a service cannot be told from those of others, because nodes are reached at
 * the addresses that they announce: all connections to the node are cut, or it is frozen for as long as they stall.
 */
export async function onCluster(
  servers: Servers,
  folder: string,
  onSpawn: (process: ManagedProcess) => void,
): Promise<Servers> {
  const cluster = await startRedisCluster({
    ...{ folder: path.join(folder, 'cluster'), replicas: true, onSpawn },
  });
  /** The node that was stopped. */
  let stopped: RedisServer | undefined;
  const owner = (except?: RedisServer): Promise<RedisServer> =>
    waitFor(() => cluster.owner(except), {
      what: 'a node that holds the queue',
      timeoutMs: 20_000,
    });
  return {
    ...servers,
    async wayToRedis() {
      return { url: cluster.url, proxy: socketsOf(cluster) };
    },
    openRedis: (url) => openTestRedis(url),
    async stopRedis(how) {
      stopped = await owner();
      if (how === 'orderly') await stopped.stop();
      else await stopped.kill();
      if (how === 'lose') rmSync(path.join(stopped.folder, 'appendonlydir'), { recursive: true });
    },
    async startRedis() {
      await stopped?.start();
    },
    async flushRedis() {
      await (await owner()).command('FLUSHALL');
    },
    async demoteRedis() {
      // Its replica may be away, for another fault's sake.
      await cluster.handOver(await owner()).catch(() => undefined);
    },
    async promoteRedis() {
      await owner();
    },
    async failOverRedis() {
      const old = await owner();
      old.freeze();
      // Without a replica, the queue is back when it thaws.
      await owner(old).catch(() => undefined);
      old.thaw();
    },
    async stop() {
      await cluster.stop();
      await servers.stop();
    },
  };
}

/** What stands for the sockets of a service. */
function socketsOf(cluster: RedisCluster): SocketProxy {
  let stalled: Promise<RedisServer | undefined> = Promise.resolve(undefined);
  return {
    port: 0,
    cut() {
      void cluster
        .owner()
        .then((server) => server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))
        .catch(() => undefined);
    },
    stall() {
      stalled = cluster.owner().then(
        (server) => {
          server.freeze();
          return server;
        },
        () => undefined,
      );
    },
    release() {
      void stalled.then((server) => server?.thaw());
    },
    retarget: () => undefined,
    delay: () => undefined,
    close: () => undefined,
  };
}
