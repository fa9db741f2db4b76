import { createLoopMetrics, createRegistry, metricsOf } from '@kasabi/runtime';
import { createDatasetMetrics } from './datasets.ts';
import { createJobMetrics } from './jobs.ts';
import { createRelayMetrics } from './relay.ts';
import { createStoreMetrics } from './store.ts';

/** Values that are read at each scrape. */
export interface WorkerFacts {
  /** How many jobs are running in this process now. */
  readonly running: () => number;
  readonly concurrency: number;
  /** How far this host's clock is ahead of Postgres's, in milliseconds. */
  readonly clockOffsetMs: () => number;
}

/** All metrics of a worker. */
export function createWorkerMetrics(facts: WorkerFacts) {
  const registry = createRegistry();
  const { gauge } = metricsOf(registry);
  gauge('kasabi_worker_jobs_running', 'Jobs running in this worker now.', facts.running);
  gauge('kasabi_worker_concurrency', 'The most jobs this worker runs at a time.', () => {
    return facts.concurrency;
  });
  gauge(
    'kasabi_worker_clock_offset_seconds',
    "How far this host's clock is ahead of Postgres's; the worker corrects for it.",
    () => facts.clockOffsetMs() / 1_000,
  );
  return {
    registry,
    /** Records a round of a background loop. */
    loopRound: createLoopMetrics(registry),
    ...createJobMetrics(registry),
    ...createDatasetMetrics(registry),
    ...createRelayMetrics(registry),
    ...createStoreMetrics(registry),
  };
}

export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;
