import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { updateLeased } from './leased.ts';
import { lockedNotice } from './transition.ts';

/**
 * Confirms, in the transaction that locks the dataset, that this attempt still has its lease: a worker that was
 * frozen before the lock must not lock for a job that is no longer its own. The fence of the lock is noted in the
 * record for operators and audits; nothing is decided by it.
 *
 * @throws LeaseLost
 */
export async function confirmLease(db: Database, claim: Claim): Promise<void> {
  const fence = '(SELECT d.fence FROM kasabi.dataset d WHERE d.id = job.dataset_id)';
  await updateLeased(db, claim, 'fence', `fence = ${fence}`, {
    note: lockedNotice,
  });
}
