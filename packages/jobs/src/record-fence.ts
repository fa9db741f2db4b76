import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { updateHeld } from './held.ts';

/**
 * Notes the fence of the lock this attempt has just taken. In the locking transaction, it is what keeps
 * a worker that was frozen before the lock from locking for a job that is no longer its own.
 *
 * @throws LeaseLost
 */
export async function recordFence(db: Database, claim: Claim, fence: number): Promise<void> {
  await updateHeld(db, claim, 'fence', 'fence = $4', {
    values: [fence],
    note: "format('The dataset is locked, with fence %s.', $4::bigint)",
  });
}
