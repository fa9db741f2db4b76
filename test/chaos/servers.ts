import { rmSync } from 'node:fs';
import path from 'node:path';
import { type ManagedProcess, startPostgres, startRedis } from '@kasabi/local';
import pg from 'pg';

type Server = Awaited<ReturnType<typeof startPostgres>>;

/** How Postgres is stopped: `fast` breaks off transactions in order, `immediate` is a crash. */
export type PostgresStop = 'fast' | 'immediate';

/** How Redis is stopped: in order, by SIGKILL, or by SIGKILL with its append-only file lost. */
export type RedisStop = 'orderly' | 'kill' | 'lose';

/** The Postgres and the Redis of a run; their ports and passwords stay when they are restarted. */
export interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly postgresPort: number;
  readonly redisPort: number;
  stopPostgres(how: PostgresStop): Promise<void>;
  startPostgres(): Promise<void>;
  stopRedis(how: RedisStop): Promise<void>;
  startRedis(): Promise<void>;
  stop(): Promise<void>;
}

const databaseName = 'chaos';

export async function startServers(
  folder: string,
  onSpawn: (process: ManagedProcess) => void,
): Promise<Servers> {
  const postgresDir = path.join(folder, 'postgres');
  const redisDir = path.join(folder, 'redis');
  let postgres = await startPostgres({ dir: postgresDir, ephemeral: true, onSpawn });
  let redis = await startRedis({ dir: redisDir, onSpawn });
  const password = (server: Server): string => decodeURIComponent(new URL(server.url).password);
  const credentials = {
    postgres: { port: postgres.port, password: password(postgres) },
    redis: { port: redis.port, password: password(redis) },
  };
  const url = new URL(postgres.url);
  url.pathname = `/${databaseName}`;
  await configure(postgres.url);
  const { redisUrl } = { redisUrl: redis.url };

  const servers: Servers = {
    databaseUrl: url.href,
    redisUrl,
    postgresPort: postgres.port,
    redisPort: redis.port,
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
    async stop() {
      await redis.stop();
      await postgres.stop();
    },
  };
  // track_commit_timestamp takes effect at a start.
  await servers.stopPostgres('fast');
  await servers.startPostgres();
  return servers;
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
