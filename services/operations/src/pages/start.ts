import { diagnose } from '@kasabi/operations';
import { createPool, describeSick, isTransient, sicknessOf } from '@kasabi/postgres';
import { connect } from '@kasabi/queue';
import { type Logger, throttledWarning } from '@kasabi/runtime';
import type { Express } from 'express';
import type pg from 'pg';
import type { Settings } from '../env.ts';
import type { OperationsMetrics } from '../metrics.ts';
import { createLive } from './live.ts';
import { createReads } from './reads.ts';
import { createOperations } from './routes.ts';

/** The pages for operators, with what they need for themselves. */
export interface OperationsPages {
  /** The path of the first page, as browsers see it: `/ops`. */
  readonly base: string;
  /** What the pages are read by. */
  readonly pool: pg.Pool;
  addTo(app: Express): void;
  stop(): Promise<void>;
}

export interface OperationsPagesOptions {
  readonly settings: Settings;
  /** What actions are done by. */
  readonly pool: pg.Pool;
  readonly metrics: Pick<OperationsMetrics, 'cancelled'>;
  readonly log: Logger;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

/** A statement of these pages is given up after this many milliseconds. */
const statementTimeoutMs = 5_000;

/**
 * Starts what the pages for operators need. They are read by two connections to Postgres of their own: however
 * many look at them, actions have all of the service's pool.
 */
export async function startPages(options: OperationsPagesOptions): Promise<OperationsPages> {
  const { settings, log } = options;
  const pool = createPool({
    url: settings.DATABASE_URL,
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
      : await connect({
          url: settings.REDIS_URL,
          name: 'kasabi-operations',
          onError: onRedisError,
        });
  const operations = await createOperations({
    password: settings.OPERATOR_PASSWORD,
    publicUrl: settings.OPERATIONS_PUBLIC_URL,
    pool: options.pool,
    metrics: options.metrics,
    redis,
    reads,
    live,
    log,
    onRedisError,
    stopping: options.stopping,
  });
  return {
    base: operations.base,
    pool,
    addTo: operations.addTo,
    async stop() {
      live.stop();
      redis?.disconnect();
      await pool.end();
    },
  };
}
