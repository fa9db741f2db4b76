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
  /**
   * The server that the sentinels call the master, once it accepts writes.
   *
   * @throws Error while there is none, or none but `except`.
   */
  master(except?: RedisServer): Promise<RedisServer>;
  /** Makes the replica the master at once, and the master its replica; no connection is broken. */
  demote(): Promise<void>;
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
    const settings = [
      ['auth-pass', password],
      ['down-after-milliseconds', '1000'],
      ['failover-timeout', '3000'],
    ] as const;
    const watch = [
      `sentinel monitor ${master} 127.0.0.1 ${first.port} 2`,
      ...settings.map(([name, value]) => `sentinel ${name} ${master} ${value}`),
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
    async function findMaster(except?: RedisServer): Promise<RedisServer> {
      for (const sentinel of sentinels) {
        const address = await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master);
        const port = Number((address as string[])[1]);
        const found = servers.find((server) => server.port === port && server !== except);
        if (found === undefined) throw new Error('The sentinels know no other master yet.');
        await found.command('SET', 'test:probe', '1');
        return found;
      }
      throw new Error('There are no sentinels.');
    }

    async function demote(): Promise<void> {
      const old = await findMaster();
      const next = servers.find((server) => server !== old);
      const port = String(next?.port);
      await next?.command('REPLICAOF', 'NO', 'ONE');
      await old.command('REPLICAOF', '127.0.0.1', port);
      // Their own failover would break the connections to the old one.
      // All forget the old one first: one that remembers it would tell the others, and theirs is the younger epoch.
      for (const sentinel of sentinels) await sentinel.command('SENTINEL', 'REMOVE', master);
      for (const sentinel of sentinels) {
        await sentinel.command('SENTINEL', 'MONITOR', master, '127.0.0.1', port, '2');
        for (const [name, value] of settings) {
          await sentinel.command('SENTINEL', 'SET', master, name, value);
        }
      }
    }

    const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return {
      url: `redis+sentinel://:${password}@${hosts}/${master}`,
      sentinelPassword,
      servers,
      master: findMaster,
      demote,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
