import type { ClearMethod } from '@kasabi/datasets';
import { mapNames, metricsOf } from '@kasabi/runtime';
import type { Registry } from 'prom-client';

const lockOutcomes = ['locked', 'busy'] as const;

/** The metrics of what handlers do with datasets. */
export function createDatasetMetrics(registry: Registry) {
  const { histogramBy, counters } = metricsOf(registry);
  const wait = histogramBy(
    'kasabi_dataset_lock_wait_seconds',
    "How long jobs waited for a dataset's writers until it was locked or given up as busy.",
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    ['outcome'],
  );
  const waits = mapNames(lockOutcomes, (outcome) => wait({ outcome }));
  const clears = counters(
    'kasabi_dataset_clears_total',
    'Datasets cleared, by method: delete for small ones and where readers blocked TRUNCATE.',
    'method',
    ['truncate', 'delete'],
  );
  return {
    /** @param waitMs until the dataset was locked, or until it was given up because writers kept it busy. */
    lockWaited(waitMs: number, outcome: (typeof lockOutcomes)[number]): void {
      waits[outcome].observe(waitMs / 1_000);
    },
    cleared(method: ClearMethod): void {
      clears[method].inc();
    },
  };
}

export type DatasetMetrics = ReturnType<typeof createDatasetMetrics>;
