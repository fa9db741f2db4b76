import { randomBytes } from 'node:crypto';
import { hasSqlState, pipelined, sqlState } from '@kasabi/postgres';
import type pg from 'pg';
import { DatasetBusy } from './errors.ts';
import { LOCK_CLASS, WORK_CLASS } from './tables.ts';

export interface LockRequest {
  readonly datasetId: number;
  readonly jobId: string;
  /** How long to wait for current writers, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a job needs to write the dataset that it has locked. */
export interface Lock {
  readonly fence: number;
  /** Known only to this worker: Postgres keeps its digest. Never logged, never stored. */
  readonly secret: string;
}

/** A new secret for a lock. */
export const createLockSecret = (): string => randomBytes(24).toString('base64url');

/** What locking sets in the registry, as SQL; so are the arguments. */
const lockedBy = (jobId: string, secret: string): string =>
  `storage_mode = 'read-only', fence = fence + 1, locked_by = ${jobId}, locked_at = now(),
   lock_digest = sha256(convert_to(${secret}, 'UTF8'))`;

/**
 * SQL that locks a dataset, as `lockDataset` does, if that can be done without waiting: CTEs of which the last,
 * `locked`, has the `fence` of the new lock, or no row while a writer is in flight. It waits for nobody, so that a
 * statement that has locked something else before may have it. One statement is enough here, because without a
 * wait there is nothing that its snapshot could have missed: who had written before it has committed.
 *
 * @param dataset SQL of the dataset's id, or of null to lock none.
 */
export const lockAtOnce = (dataset: string, jobId: string, secret: string): string => `
  admitted AS MATERIALIZED (
    SELECT wanted.id FROM (SELECT ${dataset} AS id) AS wanted
    WHERE pg_try_advisory_xact_lock(${LOCK_CLASS}, wanted.id)
  ), free AS MATERIALIZED (
    SELECT d.id FROM kasabi.dataset d WHERE d.id = (SELECT id FROM admitted)
    FOR NO KEY UPDATE SKIP LOCKED
  ), locked AS (
    UPDATE kasabi.dataset SET ${lockedBy(jobId, secret)}
    WHERE id = (SELECT id FROM free) RETURNING fence
  )`;

/**
 * Makes a dataset read-only for a job, inside the caller's transaction, and returns the new lock. At commit
 * every earlier writer has committed or failed, and every later one is refused.
 *
 * It takes over any existing lock: a dataset has at most one running job (the database ensures that), so the
 * lock of any other job is that of a dead one, and the new fence shuts its worker out.
 *
 * @throws DatasetBusy when writers did not end within `timeoutMs`.
 */
export async function lockDataset(client: pg.ClientBase, request: LockRequest): Promise<Lock> {
  const { datasetId, jobId, timeoutMs } = request;
  const secret = createLockSecret();
  // Two statements: the snapshot of the second must be taken after the wait, not before.
  const [, { rows }] = await pipelined(
    client
      .query({
        name: 'await-writers',
        // Postgres reads lock_timeout when it begins to wait. MATERIALIZED, so that it is set before.
        text: `
          WITH bounded AS MATERIALIZED (
            SELECT set_config('lock_timeout', $1, true) AS by,
                   pg_advisory_xact_lock_shared(${WORK_CLASS}, $2))
          SELECT pg_advisory_xact_lock(${LOCK_CLASS}, $2) FROM bounded WHERE by IS NOT NULL`,
        values: [String(timeoutMs), datasetId],
      })
      .catch((error: unknown) => {
        if (!hasSqlState(error, sqlState.lockNotAvailable)) throw error;
        throw new DatasetBusy(datasetId, { cause: error });
      }),
    client.query<{ fence: number }>({
      name: 'lock-dataset',
      text: `
        UPDATE kasabi.dataset SET ${lockedBy('$2', '$3')} WHERE id = $1 RETURNING fence`,
      values: [datasetId, jobId, secret],
    }),
  );
  return { fence: (rows[0] as { fence: number }).fence, secret };
}
