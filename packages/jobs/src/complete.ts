import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { updateHeld } from './held.ts';

/**
 * Ends a job as `completed`. Run it in the transaction that has the job's effect, so that both are one
 * commit.
 *
 * @throws LeaseLost
 */
export async function complete(db: Database, claim: Claim): Promise<void> {
  await updateHeld(
    db,
    claim,
    // clock_timestamp(): the transaction began before the clearing did.
    "status = 'completed', end_time = clock_timestamp(), lease_holder = NULL, lease_expires = NULL",
  );
}
