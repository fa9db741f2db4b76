import {
  removeWorker,
  reportIntervalMs,
  reportWorker,
  type WorkerReport,
} from '@kasabi/operations';
import type { Database } from '@kasabi/postgres';
import type { RedisState } from '@kasabi/queue';
import { createLoop } from '@kasabi/runtime';
import type { ClockCorrection } from './clock.ts';

export interface ReporterOptions {
  readonly db: Database;
  readonly clock: ClockCorrection;
  /** What is wrong with Redis, if it would not accept a write. */
  readonly redisTrouble: () => Promise<RedisState | undefined>;
  /** The parts of the report that other modules provide. */
  readonly state: () => Omit<WorkerReport, 'clockOffsetMs' | 'redisAnswers' | 'redisTrouble'>;
  readonly onError: (error: unknown) => void;
}

/**
 * Reports this worker to operators every few seconds, in the same statement that reads Postgres's clock for the
 * clock correction.
 */
export function createReporter(options: ReporterOptions) {
  const { db, clock } = options;
  async function runOnce(): Promise<void> {
    const trouble = await options.redisTrouble();
    const redis = {
      redisAnswers: trouble === undefined,
      redisTrouble: trouble?.state === 'unreachable' ? undefined : trouble?.what,
    };
    const report = { ...options.state(), clockOffsetMs: clock.offsetMs, ...redis };
    await clock.compare(
      () => reportWorker(db, report),
      (now) => now,
    );
  }

  return {
    loop: createLoop({
      name: 'report',
      intervalMs: reportIntervalMs,
      runOnce,
      onError: options.onError,
    }),
    /** Removes the report, at the end of an orderly stop. */
    withdraw: (): Promise<void> => removeWorker(db, options.state().holder),
  };
}
