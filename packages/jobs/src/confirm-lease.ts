import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { updateLeased } from './leased.ts';
import { lockedNotice } from './transition.ts';

/**
 * Confirms, in the transaction that locks the dataset, that this attempt still has its lease: a worker that was frozen
 * before the lock must not lock the dataset for a job that it no longer has. The fence of the lock is stored in the
 * record for operators and audits; nothing depends on it.
 *
 * @throws LeaseLost
 */
export async function confirmLease(db: Database, claim: Claim): Promise<void> {
  const fence = '(SELECT d.fence FROM kasabi.dataset d WHERE d.id = job.dataset_id)';
  await updateLeased(db, claim, 'fence', `fence = ${fence}`, {
    note: lockedNotice,
  });
}
