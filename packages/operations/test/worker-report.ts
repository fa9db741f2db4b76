import type { WorkerReport } from '../src/report-worker.ts';

/** What a worker reports with which nothing is wrong. */
export const report: WorkerReport = {
  holder: 'w1',
  host: 'one',
  version: '1.0.0',
  concurrency: 4,
  running: 2,
  clockOffsetMs: -20,
  redisAnswers: true,
  sinceRelayMs: 700,
  relayIntervalMs: 1_000,
  sinceRescueMs: undefined,
  redisLoss: undefined,
};
