import { releaseLock } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import type { Claim } from './claim.ts';
import { updateHeld } from './held.ts';

/**
 * Ends a job as `failed`, with a message its owner can act on, and unlocks the dataset in the same
 * commit. `cause` is what operators are told instead.
 *
 * @throws LeaseLost
 */
export async function fail(
  pool: pg.Pool,
  claim: Claim,
  message: string,
  cause?: string,
): Promise<void> {
  await withTransaction(pool, async (client) => {
    await updateHeld(
      client,
      claim,
      'fail',
      "status = 'failed', end_time = clock_timestamp(), message = $4, lease_holder = NULL, lease_expires = NULL",
      { values: [message, cause ?? message], note: '$5::text' },
    );
    await releaseLock(client, claim);
  });
}
