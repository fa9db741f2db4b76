import { unlockDataset } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import type { Claim } from './claim.ts';
import { updateLeased } from './leased.ts';

/**
 * Gives a job back because its worker shuts down. The job is due at once, the attempt does not count, and the dataset
 * is unlocked in the same commit.
 *
 * @throws LeaseLost
 */
export async function release(pool: pg.Pool, claim: Claim): Promise<void> {
  await withTransaction(pool, async (client) => {
    await updateLeased(
      client,
      claim,
      'release',
      `status = 'scheduled', attempt = attempt - 1, fence = NULL, enqueued_at = NULL,
       progress = NULL, lease_holder = NULL, lease_expires = NULL`,
    );
    await unlockDataset(client, claim);
  });
}
