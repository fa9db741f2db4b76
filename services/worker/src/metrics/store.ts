import { StoreUnavailable } from '@kasabi/exports';
import { metricsOf } from '@kasabi/runtime';
import type { Registry } from 'prom-client';

/** The metrics of the store for exports, as this worker finds it. */
export function createStoreMetrics(registry: Registry) {
  const { gauge } = metricsOf(registry);
  let trouble: string | undefined;
  gauge(
    'kasabi_export_store_up',
    'Whether this worker could write to the export store when it last tried: 1 or 0.',
    () => (trouble === undefined ? 1 : 0),
  );
  return {
    /** Records what an attempt to use the store failed with; undefined if it did not. Other errors say nothing of it. */
    storeChecked(found: unknown): void {
      if (found === undefined) trouble = undefined;
      else if (found instanceof StoreUnavailable) trouble = found.message;
    },
    /** What is wrong with it, for operators. */
    storeTrouble: () => trouble,
  };
}
