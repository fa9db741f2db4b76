import { readRestored } from '@kasabi/jobs';
import { type Drift, readDrift } from '@kasabi/operations';
import {
  connect,
  createBeatMarkStore,
  type RedisAccess,
  readRedisSetup,
  redisTrouble,
  viewQueue,
} from '@kasabi/queue';
import type pg from 'pg';
import { atLeast, type Check, judge } from './check.ts';
import { reasonOf } from './postgres.ts';
import { checkUsers } from './redis-users.ts';

/** The oldest version that BullMQ supports. */
const oldestRedis = '6.2.0';

/** How many records and deliveries are compared. */
const sample = 500;

export interface RedisFacts {
  readonly checks: readonly Check[];
  readonly answers: boolean;
  /** Why it does not accept writes, if it answers all the same. */
  readonly trouble?: string | undefined;
  /** Why Postgres must have been restored, judging by Redis's copy of its beats. */
  readonly restored?: string | undefined;
}

/**
 * Checks Redis and its content; `pool` is undefined when Postgres has no records, and nothing can be compared.
 */
export async function checkRedis(
  access: RedisAccess,
  pool: pg.Pool | undefined,
): Promise<RedisFacts> {
  const redis = await connect({ ...access, name: 'kasabi-admin', onError: () => undefined });
  try {
    if (redis.status !== 'ready') return await troubleOf(redis);
    const checks = await look(redis, pool);
    const restored =
      pool && (await readRestored(pool, await createBeatMarkStore(redis).readMark()));
    // Last: a replica can be read, and a write that it refuses ends the connection.
    return { ...(await troubleOf(redis)), answers: true, restored, checks };
  } catch (error) {
    const sick = await troubleOf(redis);
    if (sick.trouble !== undefined) return sick;
    // It answered a moment ago, or is frozen.
    const todo = 'Check that REDIS_URL names it with the right password, and see its log.';
    return { checks: [judge('redis', reasonOf(error), { status: 'fail', todo })], answers: false };
  } finally {
    redis.disconnect();
  }
}

type Connection = Awaited<ReturnType<typeof connect>>;

/** What keeps it from accepting a write, if it answers all the same. */
async function troubleOf(redis: Connection): Promise<RedisFacts> {
  const ailment = await redisTrouble(redis);
  const trouble = ailment?.state === 'unreachable' ? undefined : ailment?.what;
  return { checks: [], answers: trouble !== undefined, trouble };
}

async function look(redis: Connection, pool: pg.Pool | undefined): Promise<Check[]> {
  const setup = await readRedisSetup(redis);
  const users = await checkUsers(redis);
  return [
    checkVersion(setup.product, setup.version),
    checkEviction(setup.evictionPolicy),
    checkPersistence(setup.appendOnly, setup.lastWriteOk),
    ...(users === undefined ? [] : [users]),
    pool === undefined
      ? {
          name: 'drift',
          status: 'skip',
          what: 'Not compared: Postgres has no records to compare with',
        }
      : await checkDrift(redis, pool),
  ];
}

function checkVersion(product: string, version: string): Check {
  const what = `${product} ${version} answers`;
  if (atLeast(version, oldestRedis)) return judge('redis', what);
  const todo = `Upgrade it to ${oldestRedis} or newer.`;
  return judge('redis', `${what}, and is too old`, { status: 'fail', todo });
}

function checkEviction(policy: string): Check {
  const what = `maxmemory-policy is ${policy}`;
  if (policy === 'noeviction') return judge('redis-eviction', what);
  return judge('redis-eviction', `${what}: Redis may evict deliveries`, {
    status: 'fail',
    todo: 'Set maxmemory-policy noeviction. No job is lost meanwhile, but some start late.',
  });
}

function checkPersistence(appendOnly: boolean, lastWriteOk: boolean): Check {
  if (!appendOnly) {
    return judge('redis-persistence', 'appendonly is off: a restart of Redis empties the queue', {
      status: 'warn',
      todo: 'Set appendonly yes. Without it the relay hands everything over again after a restart.',
    });
  }
  if (!lastWriteOk) {
    return judge('redis-persistence', 'Redis could not write its append-only file', {
      status: 'fail',
      todo: 'Check the disk of Redis: it is full or broken, and Redis refuses writes.',
    });
  }
  return judge('redis-persistence', 'appendonly is on');
}

async function checkDrift(redis: Connection, pool: pg.Pool): Promise<Check> {
  const view = await viewQueue(redis);
  try {
    return judgeDrift(await readDrift(pool, view, sample));
  } finally {
    await view.close();
  }
}

function judgeDrift({ records, missing, deliveries, ended, foreign }: Drift): Check {
  if (foreign.length > 0) {
    const whose = `${foreign.length} of ${deliveries} deliveries in Redis are of jobs that Postgres does not have`;
    return judge('drift', `${whose}, such as ${foreign[0]}`, {
      status: 'warn',
      todo: 'Check that DATABASE_URL and REDIS_URL belong together: one Redis database serves one system. Workers drop such deliveries.',
    });
  }
  if (missing.length > 0) {
    const what = `Redis lacks ${missing.length} of ${records} jobs that it was handed, such as ${missing[0]}`;
    return judge('drift', what, {
      status: 'warn',
      todo: 'The relay hands them over again when they are due, or at once when it finds that Redis was restarted. If it keeps happening, see redis-eviction.',
    });
  }
  const dropped = ended > 0 ? `; ${ended} are of jobs that have ended, and will be dropped` : '';
  return judge(
    'drift',
    `Missing in Redis: 0 of ${records} jobs; unknown to Postgres: 0 of ${deliveries} deliveries${dropped}`,
  );
}
