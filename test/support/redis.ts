import type { Cluster, Redis } from 'ioredis';
import { testEnvironment } from './env.ts';
import { isOwnClient, openTestRedis, serversOf } from './redis-client.ts';
import { topology } from './topology.ts';
import { WaitTimedOut, waitFor } from './wait-for.ts';

/** How many logical databases the run's Redis has. Number 0 is the support's own. */
export const redisDatabases = 512;

const freeDatabases = 'test:free-databases';
const lastDatabase = 'test:last-database';

/** A client that nobody closed. */
export class RedisClientLeaked extends Error {
  readonly code = 'redis-client-leaked';
}

/** A logical Redis database of its own, or a cluster. */
export interface TestRedis {
  /** For REDIS_URL; `openTestRedis` takes it, too. */
  readonly url: string;
  readonly database: number;
  /**
   * Empties the database and gives it back.
   *
   * @throws RedisClientLeaked when a client still uses it 2 s later.
   */
  close(): Promise<void>;
}

/** Takes an empty logical database that no other test uses. */
export async function createRedis(): Promise<TestRedis> {
  const { TEST_REDIS_URL } = testEnvironment();
  const database = await withRedis(TEST_REDIS_URL, async (redis) => {
    const free = await redis.lpop(freeDatabases);
    return free === null ? redis.incr(lastDatabase) : Number(free);
  });
  const { redisUrls } = topology();
  const most = redisUrls === undefined ? redisDatabases : redisUrls.length + 1;
  if (database >= most) {
    throw new Error(`More than ${most - 1} Redis databases are in use; close those not needed.`);
  }
  const url = redisUrls?.[database - 1] ?? `${TEST_REDIS_URL}/${database}`;
  return {
    url,
    database,
    async close() {
      const left = await withRedis(url, (redis) =>
        leftClients(redis, redisUrls === undefined ? database : undefined),
      );
      if (left.length > 0) {
        throw new RedisClientLeaked(
          `Clients of Redis database ${database} were left open: ${left.join('; ')}`,
        );
      }
      await withRedis(url, (redis) =>
        Promise.all(serversOf(redis).map((server) => server.flushdb())),
      );
      await withRedis(TEST_REDIS_URL, (redis) => redis.rpush(freeDatabases, database));
    },
  };
}

/** Describes the clients other than this one that do not go away within 2 s, of one database or of all. */
export async function leftClients(redis: Redis | Cluster, database?: number): Promise<string[]> {
  const look = async (): Promise<string[]> => {
    const servers = serversOf(redis);
    const lists = await Promise.all(servers.map((server) => server.client('LIST')));
    return lists
      .flatMap((list) => String(list).trimEnd().split('\n'))
      .filter((line) => !isOwnClient(line))
      .filter((line) => database === undefined || line.includes(` db=${database} `))
      .map(describeClient);
  };
  try {
    await waitFor(async () => (await look()).length === 0, {
      what: 'Redis clients to close',
      timeoutMs: 2_000,
    });
    return [];
  } catch (error) {
    if (!(error instanceof WaitTimedOut)) throw error;
    return look();
  }
}

function describeClient(line: string): string {
  const wanted = ['addr', 'name', 'db', 'age', 'cmd'];
  return line
    .split(' ')
    .filter((field) => wanted.includes(field.split('=')[0] ?? ''))
    .join(' ');
}

/** Runs `work` with a client of its own. */
export async function withRedis<T>(
  url: string,
  work: (redis: Redis | Cluster) => Promise<T>,
): Promise<T> {
  const redis = openTestRedis(url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
