import { createLoopMetrics, createRegistry, metricsOf } from '@kasabi/runtime';
import { createOverviewMetrics } from './overview-metrics.ts';

/** All metrics of the operations service, which also measures the whole system. */
export function createOperationsMetrics() {
  const registry = createRegistry();
  const { operator: cancelled } = metricsOf(registry).counters(
    'kasabi_jobs_cancelled_total',
    'Jobs cancelled, by whom: their owner, or an operator through the page.',
    'by',
    ['operator'],
  );
  return {
    registry,
    /** Records a round of a background loop. */
    loopRound: createLoopMetrics(registry),
    ...createOverviewMetrics(registry),
    /** Records how many jobs an operator has cancelled. */
    cancelled: (jobs: number) => cancelled.inc(jobs),
  };
}

export type OperationsMetrics = ReturnType<typeof createOperationsMetrics>;
