import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { updateHeld } from './held.ts';

/**
 * Notes the fence of the lock this attempt takes: the dataset's, in the locking transaction, behind the
 * statement that raises it. It is what keeps a worker that was frozen before the lock from locking for a
 * job that is no longer its own.
 *
 * @throws LeaseLost
 */
export async function recordFence(db: Database, claim: Claim): Promise<void> {
  const fence = '(SELECT d.fence FROM kasabi.dataset d WHERE d.id = job.dataset_id)';
  await updateHeld(db, claim, 'fence', `fence = ${fence}`, {
    note: "format('The dataset is locked, with fence %s.', fence)",
  });
}
