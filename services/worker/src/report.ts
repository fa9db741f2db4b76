import type { Loop } from '@kasabi/jobs';
import { createLoop } from '@kasabi/jobs';
import {
  removeWorker,
  reportIntervalMs,
  reportWorker,
  type WorkerReport,
} from '@kasabi/operations';
import type { Database } from '@kasabi/postgres';
import type { RedisState } from '@kasabi/queue';
import type { ClockCorrection } from './clock.ts';

export interface ReporterOptions {
  readonly db: Database;
  readonly clock: ClockCorrection;
  /** What is wrong with Redis, if it would not take a write. */
  readonly redisTrouble: () => Promise<RedisState | undefined>;
  /** The part of the report that is for others to say. */
  readonly state: () => Omit<WorkerReport, 'clockOffsetMs' | 'redisAnswers' | 'redisTrouble'>;
  readonly onError: (error: unknown) => void;
}

export interface Reporter {
  readonly loop: Loop;
  /** How far this host's clock is ahead of Postgres's, in milliseconds, once it was compared. */
  readonly clockOffsetMs: number | undefined;
  /** Takes the report back, at the end of an orderly stop. */
  withdraw(): Promise<void>;
}

/** A reading of Postgres's clock that took longer, in milliseconds, says little of the host's. */
const tellingMs = 500;

/**
 * Reports this worker to the operators every few seconds, in the statement that reads Postgres's clock to
 * correct ours by.
 */
export function createReporter(options: ReporterOptions): Reporter {
  const { db, clock } = options;
  let clockOffsetMs: number | undefined;

  async function runOnce(): Promise<void> {
    const trouble = await options.redisTrouble();
    const redis = {
      redisAnswers: trouble === undefined,
      redisTrouble: trouble?.state === 'unreachable' ? undefined : trouble?.what,
    };
    const [asked, begun] = [clock.hostNow(), performance.now()];
    const now = await reportWorker(db, { ...options.state(), clockOffsetMs, ...redis });
    const took = performance.now() - begun;
    if (took < tellingMs) clockOffsetMs = asked + took / 2 - now;
    clock.observe(now);
  }

  return {
    loop: createLoop({
      name: 'report',
      intervalMs: reportIntervalMs,
      runOnce,
      onError: options.onError,
    }),
    get clockOffsetMs() {
      return clockOffsetMs;
    },
    withdraw: () => removeWorker(db, options.state().holder),
  };
}
