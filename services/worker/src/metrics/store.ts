import { metricsOf } from '@kasabi/runtime';
import type { Registry } from 'prom-client';

/** The metrics of the store for exports, as this worker finds it. */
export function createStoreMetrics(registry: Registry) {
  const { gauge } = metricsOf(registry);
  let trouble: unknown;
  gauge(
    'kasabi_export_store_up',
    'Whether this worker could write to the export store when it last tried: 1 or 0.',
    () => (trouble === undefined ? 1 : 0),
  );
  return {
    /** Records what was wrong with the store; undefined for nothing. */
    storeChecked(found: unknown): void {
      trouble = found;
    },
  };
}
