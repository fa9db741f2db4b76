import type { Database } from '@kasabi/postgres';
import { FencedOut } from './errors.ts';

/**
 * Makes a dataset read-write again as the last step of the job that locked it.
 *
 * @throws FencedOut when the dataset is no longer locked by this job with this fence.
 */
export async function unlockDataset(
  db: Database,
  lock: { readonly datasetId: number; readonly jobId: string; readonly fence: number },
): Promise<void> {
  const { rowCount } = await db.query({
    name: 'unlock-dataset',
    text: `
      UPDATE kasabi.dataset
      SET storage_mode = 'read-write', locked_by = NULL, locked_at = NULL, lock_digest = NULL
      WHERE id = $1 AND locked_by = $2 AND fence = $3`,
    values: [lock.datasetId, lock.jobId, lock.fence],
  });
  if (rowCount !== 1) throw new FencedOut(lock.datasetId, lock.fence);
}

/**
 * Releases the lock that a job may hold, after an attempt of it has ended without effect. A job that holds
 * none is no error: it may have ended before it locked.
 */
export async function releaseLock(
  db: Database,
  lock: { readonly datasetId: number; readonly jobId: string },
): Promise<void> {
  await db.query(
    `UPDATE kasabi.dataset
     SET storage_mode = 'read-write', locked_by = NULL, locked_at = NULL, lock_digest = NULL
     WHERE id = $1 AND locked_by = $2`,
    [lock.datasetId, lock.jobId],
  );
}
