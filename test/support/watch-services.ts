import { freePort, type ServiceName, serviceSettings } from '@kasabi/local';
import type pg from 'pg';
import { startService, type TestService } from './service.ts';
import { limitsOff, serviceSecret, type TestStack } from './stack.ts';
import { topologySettings } from './topology.ts';
import { waitFor } from './wait-for.ts';

/** Starts one more service on a stack's database and Redis. */
export async function addService(
  stack: TestStack,
  name: ServiceName,
  env: NodeJS.ProcessEnv = {},
): Promise<TestService> {
  const settings = serviceSettings(name, await freePort(), {
    databaseUrl: stack.database.url,
    redisUrl: stack.redis.url,
    apiPublicUrl: stack.apiUrl,
    statusPublicUrl: stack.statusUrl,
    serviceSecret,
  });
  const databases = { postgres: stack.database.name, redis: stack.redis.database };
  const ofTopology = topologySettings(name, databases);
  return await startService(name, { ...settings, ...ofTopology, ...limitsOff[name], ...env });
}

/**
 * Waits until no status service asks the database for changes any more, which is so when nobody waits:
 * otherwise their watchers do so every 200 ms.
 */
export function untilNobodyWaits(pool: pg.Pool): Promise<true> {
  return waitFor(async () => Date.now() - (await lastRound(pool)) > 800, {
    what: 'the watchers to rest',
  });
}

/** To be called while nobody waits; what it returns resolves when somebody does. */
export async function firstWaiter(pool: pg.Pool): Promise<() => Promise<true>> {
  const before = await lastRound(pool);
  return () =>
    waitFor(async () => (await lastRound(pool)) > before, { what: 'a waiter', everyMs: 10 });
}

/** When a watcher last asked, in milliseconds since the epoch. */
async function lastRound(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ at: Date | null }>(
    `SELECT max(query_start) AS at FROM pg_stat_activity
     WHERE application_name IN ('kasabi-status', 'kasabi-status-fresh') AND datname = current_database()
       AND query LIKE '%AS known%'`,
  );
  return rows[0]?.at?.getTime() ?? 0;
}
