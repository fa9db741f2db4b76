import { createLoopMetrics, createRegistry, metricsOf } from '@kasabi/runtime';

/**
 * All metrics of the status service.
 *
 * @param waiting how many clients wait for a job now.
 */
export function createStatusMetrics(waiting: () => number) {
  const registry = createRegistry();
  metricsOf(registry).gauge(
    'kasabi_status_waiting_clients',
    "Clients that wait for a job's next change: held requests and event streams.",
    waiting,
  );
  return { registry, loopRound: createLoopMetrics(registry) };
}
