import { diagnose } from '@kasabi/operations';
import { createPool, describeSick, isTransient, sicknessOf } from '@kasabi/postgres';
import { connect, redisAccess } from '@kasabi/queue';
import { throttledWarning } from '@kasabi/runtime';
import { createLive } from './live.ts';
import { createReads } from './reads.ts';
import { createOperations, type PagesOptions } from './routes.ts';

/** Postgres cancels a statement of the pages after this many milliseconds. */
const statementTimeoutMs = 5_000;

/**
 * Starts what the pages for operators need. They read through two Postgres connections of their own, so that actions
 * have all of the service's pool, however many operators look at pages.
 */
export async function startPages(options: PagesOptions) {
  const { settings, log } = options;
  const pool = createPool({
    url: settings.DATABASE_URL,
    target: 'prefer-primary',
    applicationName: 'kasabi-operations-pages',
    max: 2,
    statementTimeoutMs,
    onIdleError: throttledWarning(log, 'connection trouble of the pages'),
  });
  const warn = throttledWarning(log, 'the operations pages could not be read');
  const reads = createReads(pool);
  const live = createLive({
    statements: () => reads.statements,
    describe(error) {
      warn(error);
      if (!isTransient(error))
        return 'This could not be read; the log of the operations service says why.';
      const state = sicknessOf(error);
      const [finding] = diagnose({
        overview: undefined,
        postgresSick: state && describeSick(state),
      });
      return `${finding?.what} ${finding?.todo}`;
    },
  });
  const onRedisError = throttledWarning(log, 'Redis does not answer the operations pages');
  const reached = { name: 'kasabi-operations', onError: onRedisError };
  const { REDIS_URL } = settings;
  const redis =
    REDIS_URL === undefined
      ? undefined
      : await connect({ ...redisAccess({ ...settings, REDIS_URL }), ...reached });
  return {
    ...createOperations({ ...options, redis, onRedisError, reads, live }),
    /** The pages read through this. */
    pool,
    async stop(): Promise<void> {
      live.stop();
      redis?.disconnect();
      await pool.end();
    },
  };
}
