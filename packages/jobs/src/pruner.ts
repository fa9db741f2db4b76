import type { Database } from '@kasabi/postgres';
import { createLoop, type Loop } from './loop.ts';

export interface PrunerOptions {
  readonly db: Database;
  readonly intervalMs: number;
  /** Ended jobs are kept for this many days. */
  readonly retentionDays: number;
  readonly onPrune: (deleted: number) => void;
  readonly onError: (error: unknown) => void;
}

const batchSize = 1_000;

/** The pruner: deletes records of jobs that ended longer ago than the retention time, in batches. */
export function createPruner(options: PrunerOptions): Loop {
  async function runOnce(): Promise<void> {
    for (;;) {
      const { rowCount } = await options.db.query(
        `DELETE FROM kasabi.job WHERE id IN (
           SELECT id FROM kasabi.job WHERE end_time < now() - $1 * interval '1 day'
           ORDER BY end_time LIMIT $2 FOR UPDATE SKIP LOCKED)`,
        [options.retentionDays, batchSize],
      );
      const deleted = rowCount ?? 0;
      if (deleted > 0) options.onPrune(deleted);
      if (deleted < batchSize) return;
    }
  }
  return createLoop({
    name: 'pruner',
    intervalMs: options.intervalMs,
    runOnce,
    onError: options.onError,
  });
}
