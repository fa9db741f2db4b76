import type { Database } from '@kasabi/postgres';
import { FencedOut } from './errors.ts';

export interface Unlock {
  readonly datasetId: number;
  /** The job that holds the lock. */
  readonly jobId: string;
  /** Given when the lock must still be there, and be this one: in the commit that has the job's effect. */
  readonly fence?: number | undefined;
}

/**
 * Makes a dataset read-write again that this job locked. Without a fence, after an attempt without effect, a
 * job that holds no lock is no error: the attempt may have ended before it locked.
 *
 * @throws FencedOut when a fence is given and the dataset is no longer locked by this job with it.
 */
export async function unlockDataset(db: Database, unlock: Unlock): Promise<void> {
  const { datasetId, jobId, fence } = unlock;
  const { rowCount } = await db.query({
    name: 'unlock-dataset',
    text: `
      UPDATE kasabi.dataset
      SET storage_mode = 'read-write', locked_by = NULL, locked_at = NULL, lock_digest = NULL
      WHERE id = $1 AND locked_by = $2 AND ($3::bigint IS NULL OR fence = $3)`,
    values: [datasetId, jobId, fence ?? null],
  });
  if (fence !== undefined && rowCount !== 1) throw new FencedOut(datasetId, fence);
}
