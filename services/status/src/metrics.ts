import { createLoopMetrics, createRegistry, type LoopRound } from '@kasabi/runtime';
import { Gauge, type Registry } from 'prom-client';

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
  new Gauge({
    name: 'kasabi_status_waiting_clients',
    help: "Clients that wait for a job's next change: held requests and event streams.",
    registers: [registry],
    collect() {
      this.set(waiting());
    },
  });
  return { registry, loopRound: createLoopMetrics(registry) };
}
