import { diagnose } from '@kasabi/operations';
import { createPool, describeSick, isTransient, sicknessOf } from '@kasabi/postgres';
import { type Logger, throttledWarning } from '@kasabi/service-kit';
import type { Express } from 'express';
import type pg from 'pg';
import type { Settings } from '../env.ts';
import { createLive } from './live.ts';
import { createReads } from './reads.ts';
import { createOperations } from './routes.ts';

/** The pages for operators, with what they need for themselves. */
export interface OperationsPages {
  readonly pool: pg.Pool;
  addTo(app: Express): void;
  stop(): Promise<void>;
}

/** A statement of these pages is given up after this many milliseconds. */
const statementTimeoutMs = 5_000;

/**
 * Starts what the pages for operators need; undefined when no password is set. They have two connections
 * to Postgres of their own: however busy the service is, they answer, and however many look at them, the
 * rest of the service has all of its pool.
 */
export async function startOperations(
  settings: Settings,
  log: Logger,
  stopping: AbortSignal,
): Promise<OperationsPages | undefined> {
  const password = settings.OPERATOR_PASSWORD;
  if (password === undefined) return undefined;
  const pool = createPool({
    url: settings.DATABASE_URL,
    applicationName: 'kasabi-status-operations',
    max: 2,
    statementTimeoutMs,
    onIdleError: throttledWarning(log, 'connection trouble of the operations pages'),
  });
  const warn = throttledWarning(log, 'the operations pages could not be read');
  const reads = createReads(pool);
  const live = createLive({
    statements: () => reads.statements,
    describe(error) {
      warn(error);
      if (!isTransient(error)) return 'This could not be read; the log of the service says why.';
      const state = sicknessOf(error);
      const [finding] = diagnose({
        overview: undefined,
        postgresSick: state && describeSick(state),
      });
      return `${finding?.what} ${finding?.todo}`;
    },
  });
  const operations = await createOperations({
    password,
    statusUrl: settings.STATUS_PUBLIC_URL,
    apiUrl: settings.API_INTERNAL_URL ?? settings.API_PUBLIC_URL,
    redisUrl: settings.REDIS_URL,
    reads,
    live,
    log,
    onRedisError: throttledWarning(log, 'Redis does not answer the view of the queue'),
    stopping,
  });
  return {
    pool,
    addTo: operations.addTo,
    async stop() {
      operations.stop();
      await pool.end();
    },
  };
}
