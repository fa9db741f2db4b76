import path from 'node:path';
import { freePort, type ManagedProcess } from '@kasabi/local';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { waitFor } from './wait-for.ts';

/** A master and its replica, watched by three sentinels. */
export interface SentinelGroup {
  /** For REDIS_URL, without a database. */
  readonly url: string;
  readonly sentinelPassword: string;
  readonly servers: readonly RedisServer[];
  /** The server that the sentinels call the master. */
  master(): Promise<RedisServer>;
  stop(): Promise<void>;
}

export interface SentinelGroupOptions {
  readonly folder: string;
  /** How many logical databases each server has; 16 unless set. */
  readonly databases?: number;
  readonly onSpawn?: (process: ManagedProcess) => void;
}

const master = 'kasabi';
const [password, sentinelPassword] = ['of-the-servers', 'of-the-sentinels'];

/** Starts them; sentinels promote the replica after the master was silent for a second. */
export async function startSentinelGroup(options: SentinelGroupOptions): Promise<SentinelGroup> {
  const { folder, databases = 16, onSpawn } = options;
  const all: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((server) => server.kill()));
  };
  const start = async (name: string, configuration: readonly string[], sentinel: boolean) => {
    const server = await startRedisServer({
      ...{ folder: path.join(folder, name), configuration, sentinel },
      ...{ password: sentinel ? sentinelPassword : password, port: await freePort() },
      ...(onSpawn && { onSpawn }),
    });
    all.push(server);
    return server;
  };
  try {
    const first = await start('redis-1', [`databases ${databases}`], false);
    const replica = [`databases ${databases}`, `replicaof 127.0.0.1 ${first.port}`];
    const servers = [first, await start('redis-2', replica, false)];
    const watch = [
      `sentinel monitor ${master} 127.0.0.1 ${first.port} 2`,
      `sentinel auth-pass ${master} ${password}`,
      `sentinel down-after-milliseconds ${master} 1000`,
      `sentinel failover-timeout ${master} 3000`,
      `sentinel sentinel-pass ${sentinelPassword}`,
    ];
    const sentinels: RedisServer[] = [];
    for (const name of ['sentinel-1', 'sentinel-2', 'sentinel-3']) {
      sentinels.push(await start(name, watch, true));
    }
    const fields = async (sentinel: RedisServer): Promise<string[]> =>
      (await sentinel.command('SENTINEL', 'MASTER', master)) as string[];
    for (const sentinel of sentinels) {
      const value = (of: string[], name: string) => of[of.indexOf(name) + 1];
      await waitFor(
        async () => {
          const known = await fields(sentinel);
          return value(known, 'num-other-sentinels') === '2' && value(known, 'num-slaves') === '1';
        },
        { what: 'the sentinels to know each other', timeoutMs: 20_000 },
      );
    }
    const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return {
      url: `redis+sentinel://:${password}@${hosts}/${master}`,
      sentinelPassword,
      servers,
      async master() {
        const [sentinel] = sentinels;
        const address = await sentinel?.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master);
        const port = Number((address as string[])[1]);
        const found = servers.find((server) => server.port === port);
        if (found === undefined) throw new Error(`No server of the group is on port ${port}.`);
        return found;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
