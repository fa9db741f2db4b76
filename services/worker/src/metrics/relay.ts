import { metricsOf } from '@kasabi/runtime';
import type { Registry } from 'prom-client';

/** Records what this worker's relay does. */
export interface RelayMetrics {
  relayed(round: { readonly enqueued: number; readonly overdue: number }): void;
  /** Redis may have lost its data. */
  lostData(): void;
}

/** The metrics of the relay. */
export function createRelayMetrics(registry: Registry): RelayMetrics {
  const { counter } = metricsOf(registry);
  const enqueued = counter(
    'kasabi_relay_enqueued_total',
    'Jobs the relay handed to Redis because Redis did not hold them.',
  );
  const overdue = counter(
    'kasabi_relay_overdue_total',
    'Deliveries the relay asserted because their jobs were due and no worker had claimed them.',
  );
  const losses = counter(
    'kasabi_relay_redis_losses_total',
    'Times the relay found that Redis may have lost its data: wiped, restarted or failed over.',
  );
  return {
    relayed(round) {
      enqueued.inc(round.enqueued);
      overdue.inc(round.overdue);
    },
    lostData() {
      losses.inc();
    },
  };
}
