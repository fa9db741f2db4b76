import { createLoopMetrics, createRegistry, metricsOf } from '@kasabi/runtime';
import type { Standing } from './sources/standing.ts';

/**
 * All metrics of the status service.
 *
 * @param waiting how many clients wait for a job now.
 * @param standing that of the standby, where this service reads from one.
 */
export function createStatusMetrics(waiting: () => number, standing?: Standing) {
  const registry = createRegistry();
  const { gauge } = metricsOf(registry);
  gauge(
    'kasabi_status_standby_lag_seconds',
    'How far the standby that this process reads from is behind its primary; NaN unless there is one and it is known.',
    () => (standing?.lagMs ?? Number.NaN) / 1_000,
  );
  gauge(
    'kasabi_status_waiting_clients',
    "Clients that wait for a job's next change: held requests and event streams.",
    waiting,
  );
  return { registry, loopRound: createLoopMetrics(registry) };
}
