import { createLoopMetrics, createRegistry, type LoopRound, metricsOf } from '@kasabi/runtime';
import type { Registry } from 'prom-client';
import { createOverviewMetrics, type OverviewMetrics } from './overview-metrics.ts';

export interface OperationsMetrics extends OverviewMetrics {
  readonly registry: Registry;
  /** Records a round of a background loop. */
  readonly loopRound: (round: LoopRound) => void;
  /** Records how many jobs an operator has cancelled. */
  cancelled(jobs: number): void;
}

/** All metrics of the operations service, which also measures the whole system. */
export function createOperationsMetrics(): OperationsMetrics {
  const registry = createRegistry();
  const { operator: cancelled } = metricsOf(registry).counters(
    'kasabi_jobs_cancelled_total',
    'Jobs cancelled, by whom: their owner, or an operator through the page.',
    'by',
    ['operator'],
  );
  return {
    registry,
    loopRound: createLoopMetrics(registry),
    ...createOverviewMetrics(registry),
    cancelled: (jobs) => cancelled.inc(jobs),
  };
}
