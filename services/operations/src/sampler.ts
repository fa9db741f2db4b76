import { readCounts, readOverview } from '@kasabi/operations';
import type { Database } from '@kasabi/postgres';
import { createLoop, type Loop } from '@kasabi/runtime';
import type { OverviewMetrics } from './overview-metrics.ts';

export interface SamplerOptions {
  readonly db: Database;
  readonly intervalMs: number;
  readonly metrics: OverviewMetrics;
  readonly onError: (error: unknown) => void;
}

/**
 * Reads the state of the whole system for the metrics. It runs in the background, so that scrapes cost Postgres
 * nothing, however many there are.
 */
export function createSampler(options: SamplerOptions): Loop {
  const { db, metrics } = options;
  return createLoop({
    name: 'sampler',
    intervalMs: options.intervalMs,
    async runOnce() {
      try {
        const [overview, counts] = await Promise.all([readOverview(db), readCounts(db)]);
        metrics.sampled(overview, counts);
      } catch (error) {
        metrics.missed(error);
        throw error;
      }
    },
    onError: options.onError,
  });
}
