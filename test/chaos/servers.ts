import { rmSync } from 'node:fs';
import path from 'node:path';
import { freePort, type ManagedProcess, startPostgres, startRedis, waitUntil } from '@kasabi/local';
import { type SocketProxy, startProxy } from '@kasabi/test/support/proxy';
import { type Cluster, Redis } from 'ioredis';
import pg from 'pg';

type Server = Awaited<ReturnType<typeof startPostgres>>;

/** How Postgres is stopped: `fast` breaks off transactions in order, `immediate` is a crash. */
export type PostgresStop = 'fast' | 'immediate';

/** How Redis is stopped: in order, by SIGKILL, or by SIGKILL with its append-only file lost. */
export type RedisStop = 'orderly' | 'kill' | 'lose';

/** The Postgres and the Redis of a run; their ports and passwords stay when they are restarted. */
export interface Servers {
  readonly databaseUrl: string;
  readonly postgresPort: number;
  /** A way to Redis for one client, whose connections can be broken. */
  wayToRedis(): Promise<{ readonly url: string; readonly proxy: SocketProxy }>;
  /** A client of the suite's own, by such a way. */
  openRedis(url: string): Redis | Cluster;
  stopPostgres(how: PostgresStop): Promise<void>;
  startPostgres(): Promise<void>;
  stopRedis(how: RedisStop): Promise<void>;
  startRedis(): Promise<void>;
  flushRedis(): Promise<void>;
  /** Makes Redis the replica of a server that is not there: it keeps its data and its clients. */
  demoteRedis(): Promise<void>;
  promoteRedis(): Promise<void>;
  /**
   * Starts another Redis, has it follow the present one and take its place; new connections lead there. The
   * present one lives on as its replica, with the clients that do not leave, until the next time.
   */
  failOverRedis(): Promise<void>;
  /**
   * Whether new transactions may only read: on every connection, or on those that are made from then on, for
   * as long as they live. The services' present ones are then ended.
   */
  setReadOnly(readOnly: boolean, of: 'all' | 'new'): Promise<void>;
  stop(): Promise<void>;
}

const databaseName = 'chaos';

export async function startServers(
  folder: string,
  onSpawn: (process: ManagedProcess) => void,
): Promise<Servers> {
  const postgresDir = path.join(folder, 'postgres');
  const redisDirs = [path.join(folder, 'redis'), path.join(folder, 'redis-2')] as const;
  let redisDir: string = redisDirs[0];
  let postgres = await startPostgres({ dir: postgresDir, ephemeral: true, onSpawn });
  let redis = await startRedis({ dir: redisDir, onSpawn });
  /** What was failed over from. */
  let demoted: Server | undefined;
  const password = (server: Server): string => decodeURIComponent(new URL(server.url).password);
  const credentials = {
    postgres: { port: postgres.port, password: password(postgres) },
    redis: { port: redis.port, password: password(redis) },
  };
  const url = new URL(postgres.url);
  url.pathname = `/${databaseName}`;
  await configure(postgres.url);
  const ways: SocketProxy[] = [];

  const servers: Servers = {
    databaseUrl: url.href,
    postgresPort: postgres.port,
    async wayToRedis() {
      const proxy = await startProxy(redis.port);
      ways.push(proxy);
      const way = new URL(redis.url);
      way.port = String(proxy.port);
      return { url: way.href, proxy };
    },
    openRedis: (way) => new Redis(way, { enableOfflineQueue: false, commandTimeout: 2_000 }),
    async flushRedis() {
      await commandRedis(redis.url, ['FLUSHALL']);
    },
    async stopPostgres(how) {
      await postgres.process.stop([
        [how === 'fast' ? 'SIGINT' : 'SIGQUIT', 10_000],
        ['SIGKILL', 5_000],
      ]);
    },
    async startPostgres() {
      const again = { dir: postgresDir, ephemeral: true, onSpawn, ...credentials.postgres };
      postgres = await startPostgres(again);
    },
    async stopRedis(how) {
      await redis.process.stop([
        [how === 'orderly' ? 'SIGTERM' : 'SIGKILL', 10_000],
        ['SIGKILL', 5_000],
      ]);
      if (how === 'lose') rmSync(path.join(redisDir, 'appendonlydir'), { recursive: true });
    },
    async startRedis() {
      redis = await startRedis({ dir: redisDir, onSpawn, ...credentials.redis });
    },
    async demoteRedis() {
      await commandRedis(redis.url, ['REPLICAOF', '127.0.0.1', '1']);
    },
    async promoteRedis() {
      await commandRedis(redis.url, ['REPLICAOF', 'NO', 'ONE']);
    },
    async failOverRedis() {
      await demoted?.stop();
      const dir = redisDirs.find((it) => it !== redisDir) ?? redisDirs[0];
      rmSync(dir, { recursive: true, force: true });
      const next = { port: await freePort(), password: credentials.redis.password };
      const replica = await startRedis({ dir, onSpawn, ...next });
      await failOver(redis, replica);
      [demoted, redis, redisDir, credentials.redis] = [redis, replica, dir, next];
      // Connections that are there are left alone, as a failover leaves them.
      for (const way of ways) way.retarget(next.port);
    },
    async setReadOnly(readOnly, of) {
      const client = new pg.Client({ connectionString: postgres.url });
      await client.connect();
      try {
        const whose = of === 'all' ? 'SYSTEM' : `DATABASE ${databaseName}`;
        await client.query(`ALTER ${whose} SET default_transaction_read_only = ${readOnly}`);
        await client.query(
          of === 'all'
            ? 'SELECT pg_reload_conf()'
            : `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE ${readOnly} AND application_name LIKE 'kasabi-%'`,
        );
      } finally {
        await client.end();
      }
    },
    async stop() {
      await demoted?.stop();
      await redis.stop();
      await postgres.stop();
    },
  };
  // track_commit_timestamp takes effect at a start.
  await servers.stopPostgres('fast');
  await servers.startPostgres();
  return servers;
}

async function commandRedis(url: string, ...commands: readonly string[][]): Promise<unknown[]> {
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  client.on('error', () => undefined);
  try {
    const answers: unknown[] = [];
    for (const [command = '', ...args] of commands)
      answers.push(await client.call(command, ...args));
    return answers;
  } finally {
    client.disconnect();
  }
}

/** Has `replica` follow `master`, then take its place without losing a write, as a planned failover does. */
async function failOver(master: Server, replica: Server): Promise<void> {
  const password = new URL(master.url).password;
  for (const { url } of [master, replica]) {
    await commandRedis(url, ['CONFIG', 'SET', 'masterauth', password]);
  }
  await commandRedis(replica.url, ['REPLICAOF', '127.0.0.1', String(master.port)]);
  const role = async (url: string): Promise<string> => {
    const [info] = await commandRedis(url, ['INFO', 'replication']);
    return String(info);
  };
  const until = async (what: string, url: string, pattern: RegExp): Promise<void> => {
    const done = await waitUntil(async () => pattern.test(await role(url)), { timeoutMs: 10_000 });
    if (!done) throw new Error(`${what}: ${await role(url)}`);
  };
  await until('The replica does not follow', replica.url, /master_link_status:up/);
  // The master believes in it a moment later, and refuses to hand over before.
  await until('The master does not see the replica', master.url, /^slave0:.*state=online/m);
  await commandRedis(master.url, ['FAILOVER', 'TO', '127.0.0.1', String(replica.port)]);
  await until('The replica does not take over', replica.url, /role:master/);
  await until('The master does not step down', master.url, /role:slave/);
}

async function configure(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('ALTER SYSTEM SET track_commit_timestamp = on');
    await client.query(`CREATE DATABASE ${databaseName}`);
    // The server runs without fsync, which only a crash of the machine would notice. But a commit must
    // reach the kernel before it is acknowledged, or a crash of Postgres alone would lose it.
    await client.query(`ALTER DATABASE ${databaseName} SET synchronous_commit = on`);
  } finally {
    await client.end();
  }
}
