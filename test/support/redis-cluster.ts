import path from 'node:path';
import { freePort, type ManagedProcess } from '@kasabi/local';
import { KEY_PREFIX } from '@kasabi/queue';
import { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.ts';
import { waitFor } from './wait-for.ts';

/** Three masters, with a replica each if asked for. */
export interface RedisCluster {
  /** For REDIS_URL. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  /**
   * The master that holds the queue.
   *
   * @throws Error while there is none, or none but `except`.
   */
  owner(except?: RedisServer): Promise<RedisServer>;
  /** Makes a master's replica the master, as an operator does; no connection is broken. */
  handOver(master: RedisServer): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisClusterOptions extends Pick<RedisServerOptions, 'program'> {
  readonly folder: string;
  readonly replicas: boolean;
  readonly onSpawn?: (process: ManagedProcess) => void;
}

const password = 'of-the-cluster';
const slots = [0, 5_461, 10_923, 16_384];

/** Starts one; a replica is promoted after its master was silent for two seconds. */
export async function startRedisCluster(options: RedisClusterOptions): Promise<RedisCluster> {
  const { folder, replicas, onSpawn, program } = options;
  const servers: RedisServer[] = [];
  const busPorts: number[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.kill()));
  };
  try {
    for (let n = 0; n < (replicas ? 6 : 3); n += 1) {
      const busPort = await freePort();
      busPorts.push(busPort);
      servers.push(
        await startRedisServer({
          ...{ folder: path.join(folder, `node-${n + 1}`), password, port: await freePort() },
          ...(onSpawn && { onSpawn }),
          ...(program && { program }),
          configuration: [
            'cluster-enabled yes',
            // By itself a node takes its port plus 10,000, which outgoing connections use.
            `cluster-port ${busPort}`,
            'cluster-node-timeout 2000',
            // A test that kills one master after the other must not wait until a replica counts as good again.
            'cluster-replica-validity-factor 0',
          ],
        }),
      );
    }
    await join(servers, busPorts[0] as number);
    const hosts = servers.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return {
      url: `redis+cluster://:${password}@${hosts}`,
      servers,
      owner: (except) => ownerOf(servers.filter((server) => server !== except)),
      handOver: (master) => handOver(servers, master),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function join(servers: readonly RedisServer[], firstBusPort: number): Promise<void> {
  const masters = servers.slice(0, 3);
  const [first] = masters;
  for (const [n, server] of masters.entries()) {
    const [from = 0, to = 0] = slots.slice(n, n + 2);
    await server.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1));
    await server.command('CLUSTER', 'SET-CONFIG-EPOCH', String(n + 1));
  }
  for (const server of servers.slice(1)) {
    const address = ['127.0.0.1', String(first?.port), String(firstBusPort)];
    await server.command('CLUSTER', 'MEET', ...address);
  }
  const all = `cluster_known_nodes:${servers.length}`;
  await eachSays(servers, ['cluster_state:ok', all]);
  for (const [n, replica] of servers.slice(3).entries()) {
    const master = String(await masters[n]?.command('CLUSTER', 'MYID'));
    await waitFor(async () => String(await replica.command('CLUSTER', 'NODES')).includes(master), {
      what: 'a replica to know its master',
    });
    await replica.command('CLUSTER', 'REPLICATE', master);
  }
  for (const replica of servers.slice(3)) {
    await waitFor(
      async () =>
        /master_link_status:up/.test(String(await replica.command('INFO', 'replication'))),
      { what: 'a replica to follow its master', timeoutMs: 20_000 },
    );
  }
}

async function eachSays(servers: readonly RedisServer[], words: readonly string[]): Promise<void> {
  for (const server of servers) {
    await waitFor(
      async () => {
        const info = String(await server.command('CLUSTER', 'INFO'));
        return words.every((word) => info.includes(word));
      },
      { what: `each node to say ${words.join(', ')}`, timeoutMs: 30_000 },
    );
  }
}

async function ownerOf(servers: readonly RedisServer[]): Promise<RedisServer> {
  for (const server of servers) {
    // Only the master that holds it answers; the others say where it has moved.
    const role = await server
      .command('SET', `${KEY_PREFIX}:test-probe`, '1')
      .then(() => 'owner')
      .catch(() => 'another');
    if (role === 'owner') return server;
  }
  throw new Error('No node of the cluster holds the queue.');
}

async function handOver(servers: readonly RedisServer[], master: RedisServer): Promise<void> {
  const id = String(await master.command('CLUSTER', 'MYID'));
  for (const server of servers) {
    const nodes = await server.command('CLUSTER', 'NODES').catch(() => '');
    const own = String(nodes)
      .split('\n')
      .find((line) => line.includes('myself'));
    if (own?.includes(` ${id} `)) {
      await server.command('CLUSTER', 'FAILOVER');
      return;
    }
  }
  throw new Error('The master has no replica.');
}
