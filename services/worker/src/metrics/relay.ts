import { prepareCounter } from '@kasabi/runtime';
import type { Registry } from 'prom-client';

/** Told of what this worker's relay does. */
export interface RelayMetrics {
  relayed(round: { readonly enqueued: number; readonly overdue: number }): void;
  /** Redis may have lost its data. */
  lostData(): void;
}

/** What is measured of the relay. */
export function createRelayMetrics(registry: Registry): RelayMetrics {
  const counter = (name: string, help: string) => prepareCounter(registry, { name, help }, [])({});
  const enqueued = counter(
    'kasabi_relay_enqueued_total',
    'Jobs the relay handed to Redis that it did not hold.',
  );
  const overdue = counter(
    'kasabi_relay_overdue_total',
    'Deliveries the relay asserted because their jobs were due and nobody took them up.',
  );
  const losses = counter(
    'kasabi_relay_redis_losses_total',
    'Times the relay found a Redis that may have lost its data: wiped, restarted or failed over.',
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
