import { metricsOf } from '@kasabi/runtime';
import type { Registry } from 'prom-client';

/** The metrics of what this worker's relay does. */
export function createRelayMetrics(registry: Registry) {
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
    relayed(round: { readonly enqueued: number; readonly overdue: number }): void {
      enqueued.inc(round.enqueued);
      overdue.inc(round.overdue);
    },
    /** Redis may have lost its data. */
    lostData(): void {
      losses.inc();
    },
  };
}
