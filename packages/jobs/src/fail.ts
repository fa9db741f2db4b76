import { unlockDataset } from '@kasabi/datasets';
import type { FailureReason } from '@kasabi/domain';
import { withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import type { Claim } from './claim.ts';
import { updateLeased } from './leased.ts';

export interface FailOptions {
  readonly reason: FailureReason;
  /** What the job's owner is told, including what they can do about it. */
  readonly message: string;
  /** What operators are told instead. */
  readonly cause?: string;
}

/**
 * Ends a job as `failed` and unlocks the dataset in the same commit.
 *
 * @throws LeaseLost
 */
export async function fail(pool: pg.Pool, claim: Claim, options: FailOptions): Promise<void> {
  const { reason, message, cause } = options;
  await withTransaction(pool, async (client) => {
    await updateLeased(
      client,
      claim,
      'fail',
      `status = 'failed', end_time = clock_timestamp(), reason = $4, message = $5,
       progress = NULL, lease_holder = NULL, lease_expires = NULL`,
      { values: [reason, message, cause ?? message], note: '$6::text' },
    );
    await unlockDataset(client, claim);
  });
}
