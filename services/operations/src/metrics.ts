import { createLoopMetrics, createRegistry, type LoopRound, prepareCounter } from '@kasabi/runtime';
import type { Registry } from 'prom-client';
import { createOverviewMetrics, type OverviewMetrics } from './overview-metrics.ts';

export interface OperationsMetrics extends OverviewMetrics {
  readonly registry: Registry;
  /** What the loops are started with. */
  readonly loopRound: (round: LoopRound) => void;
  /** Told how many jobs an operator has cancelled. */
  cancelled(jobs: number): void;
}

/** All that is measured of the operations service, and, by it, of the whole system. */
export function createOperationsMetrics(): OperationsMetrics {
  const registry = createRegistry();
  const cancelled = prepareCounter(
    registry,
    {
      name: 'kasabi_jobs_cancelled_total',
      help: 'Jobs cancelled, by whom: their owner, or an operator through the page.',
    },
    ['by'],
  )({ by: 'operator' });
  return {
    registry,
    loopRound: createLoopMetrics(registry),
    ...createOverviewMetrics(registry),
    cancelled: (jobs) => cancelled.inc(jobs),
  };
}
