import { createPool, createProbe } from '@kasabi/postgres';
import { type Checks, type Logger, throttledWarning } from '@kasabi/runtime';
import type { Settings } from '../env.ts';
import type { Sources } from './sources.ts';
import { createStanding } from './standing.ts';

/** How long a look at a server may take, in milliseconds: a frozen one must not keep the other from being asked. */
const lookTimeoutMs = 1_000;

/**
 * Connects to where this service reads: Postgres, or with DATABASE_PRIMARY_URL a standby and its primary. The service is
 * ready while either of the two works.
 */
export function startSources(settings: Settings, log: Logger) {
  const onIdleError = throttledWarning(log, 'connection trouble');
  const usual = { url: settings.DATABASE_URL, target: 'any' } as const;
  const limits = {
    max: settings.DATABASE_POOL_SIZE,
    statementTimeoutMs: settings.STATEMENT_TIMEOUT_MS,
    onIdleError,
  };
  const pool = createPool({ ...usual, ...limits, applicationName: 'kasabi-status' });
  const probe = createProbe({
    ...{ ...usual, applicationName: 'kasabi-status-probe', writes: false, pools: [pool] },
  });
  const primaryUrl = settings.DATABASE_PRIMARY_URL;
  if (primaryUrl === undefined) {
    const sources: Sources = { pool };
    const checks: Checks = { Postgres: probe.check };
    const stop = async (): Promise<void> => {
      await Promise.all([pool.end(), probe.close()]);
    };
    const { check } = probe;
    return { sources, check, pools: { requests: pool }, checks, optional: [], loops: [], stop };
  }

  const primary = { url: primaryUrl, target: 'primary' } as const;
  const freshPool = createPool({ ...primary, ...limits, applicationName: 'kasabi-status-fresh' });
  const primaryProbe = createProbe({
    ...{ ...primary, applicationName: 'kasabi-status-probe', writes: false, pools: [freshPool] },
  });
  const looks = [usual, primary].map((it) =>
    createPool({
      ...{ ...it, applicationName: 'kasabi-status-lag', max: 1, onIdleError },
      ...{ statementTimeoutMs: lookTimeoutMs, connectTimeoutMs: lookTimeoutMs },
    }),
  );
  const [standbyLook, primaryLook] = looks as [(typeof looks)[0], (typeof looks)[0]];
  const standing = createStanding({
    standby: standbyLook,
    primary: primaryLook,
    maxLagMs: settings.STANDBY_MAX_LAG_MS,
    onError: throttledWarning(log, 'the standby could not be compared with its primary'),
  });
  const sources: Sources = { pool, fresh: { pool: freshPool, standing } };
  const checks: Checks = {
    async Postgres() {
      const [standby, main] = await Promise.all([probe.check(), primaryProbe.check()]);
      return standby && main;
    },
    Standby: probe.check,
  };
  return {
    sources,
    check: probe.check,
    pools: { requests: pool, fresh: freshPool },
    checks,
    optional: ['Standby'],
    loops: [standing.loop],
    async stop(): Promise<void> {
      const pools = [pool, freshPool, ...looks];
      await Promise.all([...pools.map((it) => it.end()), probe.close(), primaryProbe.close()]);
    },
  };
}
