import { createLoopMetrics, createRegistry, type LoopRound, metricsOf } from '@kasabi/runtime';
import type { Registry } from 'prom-client';

export interface StatusMetrics {
  readonly registry: Registry;
  /** Records a round of a background loop. */
  readonly loopRound: (round: LoopRound) => void;
}

/**
 * All metrics of the status service.
 *
 * @param waiting how many clients wait for a job now.
 */
export function createStatusMetrics(waiting: () => number): StatusMetrics {
  const registry = createRegistry();
  metricsOf(registry).gauge(
    'kasabi_status_waiting_clients',
    "Clients that wait for a job's next change: held requests and event streams.",
    waiting,
  );
  return { registry, loopRound: createLoopMetrics(registry) };
}
