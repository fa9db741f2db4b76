import type { Database } from '@kasabi/postgres';
import { createLoop, type Loop } from '@kasabi/runtime';
import { idempotencyHours } from './accept.ts';

export interface PrunerOptions {
  readonly db: Database;
  readonly intervalMs: number;
  /** Ended jobs are kept for this many days. */
  readonly retentionDays: number;
  /** Called with the numbers of deleted job records and idempotency keys. */
  readonly onPrune: (deleted: { readonly jobs: number; readonly keys: number }) => void;
  readonly onError: (error: unknown) => void;
}

const batchSize = 1_000;

const endedJobs = `
  WITH ended AS (
    DELETE FROM kasabi.job WHERE id IN (
      SELECT id FROM kasabi.job WHERE end_time < now() - $1 * interval '1 day'
      ORDER BY end_time LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING id
  ), transitions AS (
    DELETE FROM kasabi.job_transition t USING ended WHERE t.job_id = ended.id
  )
  SELECT FROM ended`;

const idempotencyKeys = `
  DELETE FROM kasabi.idempotency WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM kasabi.idempotency WHERE created < now() - $1 * interval '1 hour'
    ORDER BY created LIMIT $2 FOR UPDATE SKIP LOCKED))`;

const tallies = `
  DELETE FROM kasabi.job_tally WHERE (minute, type) IN (
    SELECT minute, type FROM kasabi.job_tally WHERE minute < now() - $1 * interval '1 day'
    ORDER BY minute LIMIT $2 FOR UPDATE SKIP LOCKED)`;

/** How many hours the row of a worker that stopped reporting is kept. */
const workerHours = 24;

const lostWorkers = `
  DELETE FROM kasabi.worker WHERE holder IN (
    SELECT holder FROM kasabi.worker WHERE seen < now() - $1 * interval '1 hour'
    ORDER BY seen LIMIT $2 FOR UPDATE SKIP LOCKED)`;

/** The pruner deletes old rows in batches. */
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
    await prune(tallies, options.retentionDays);
    await prune(lostWorkers, workerHours);
    if (jobs + keys > 0) options.onPrune({ jobs, keys });
  }

  return createLoop({
    name: 'pruner',
    intervalMs: options.intervalMs,
    runOnce,
    onError: options.onError,
  });
}
