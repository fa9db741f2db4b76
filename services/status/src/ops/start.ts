import { diagnose } from '@kasabi/operations';
import { createPool, describeSick, isTransient, sicknessOf } from '@kasabi/postgres';
import { connect } from '@kasabi/queue';
import { type Logger, throttledWarning } from '@kasabi/runtime';
import type { Express } from 'express';
import type pg from 'pg';
import type { Api } from '../api.ts';
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
  api: Api,
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
  const onRedisError = throttledWarning(log, 'Redis does not answer the operations pages');
  const redis =
    settings.REDIS_URL === undefined
      ? undefined
      : await connect({ url: settings.REDIS_URL, name: 'kasabi-status', onError: onRedisError });
  const operations = await createOperations({
    password,
    statusUrl: settings.STATUS_PUBLIC_URL,
    api,
    redis,
    reads,
    live,
    log,
    onRedisError,
    stopping,
  });
  return {
    pool,
    addTo: operations.addTo,
    async stop() {
      operations.stop();
      redis?.disconnect();
      await pool.end();
    },
  };
}
