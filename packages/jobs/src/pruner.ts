import type { Database } from '@kasabi/postgres';
import { idempotencyHours } from './accept.ts';
import { createLoop, type Loop } from './loop.ts';

export interface PrunerOptions {
  readonly db: Database;
  readonly intervalMs: number;
  /** Ended jobs are kept for this many days. */
  readonly retentionDays: number;
  /** Told how many records of jobs and idempotency keys were deleted. */
  readonly onPrune: (deleted: { readonly jobs: number; readonly keys: number }) => void;
  readonly onError: (error: unknown) => void;
}

const batchSize = 1_000;

const endedJobs = `
  DELETE FROM kasabi.job WHERE id IN (
    SELECT id FROM kasabi.job WHERE end_time < now() - $1 * interval '1 day'
    ORDER BY end_time LIMIT $2 FOR UPDATE SKIP LOCKED)`;

const idempotencyKeys = `
  DELETE FROM kasabi.idempotency WHERE (api_key_id, key) IN (
    SELECT api_key_id, key FROM kasabi.idempotency WHERE created < now() - $1 * interval '1 hour'
    ORDER BY created LIMIT $2 FOR UPDATE SKIP LOCKED)`;

/** The pruner: deletes what is older than it has to be kept, in batches. */
export function createPruner(options: PrunerOptions): Loop {
  async function prune(text: string, age: number): Promise<number> {
    for (let deleted = 0; ; ) {
      const { rowCount } = await options.db.query(text, [age, batchSize]);
      deleted += rowCount ?? 0;
      if ((rowCount ?? 0) < batchSize) return deleted;
    }
  }

  async function runOnce(): Promise<void> {
    const jobs = await prune(endedJobs, options.retentionDays);
    const keys = await prune(idempotencyKeys, idempotencyHours);
    if (jobs + keys > 0) options.onPrune({ jobs, keys });
  }

  return createLoop({
    name: 'pruner',
    intervalMs: options.intervalMs,
    runOnce,
    onError: options.onError,
  });
}
