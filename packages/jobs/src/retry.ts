import { unlockDataset } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import type { Claim } from './claim.ts';
import { updateLeased } from './leased.ts';

export interface RetryOptions {
  readonly delayMs: number;
  /** What the job's owner is told. */
  readonly message: string;
  /** What operators are told instead. */
  readonly cause?: string;
  /** Whether the dataset's writers were the reason. */
  readonly busy?: boolean;
}

/**
 * Schedules another attempt `delayMs` milliseconds from now, and unlocks the dataset in the same commit. The caller
 * gives the delivery back to the queue for that time.
 *
 * @throws LeaseLost
 */
export async function retry(pool: pg.Pool, claim: Claim, options: RetryOptions): Promise<void> {
  await withTransaction(pool, async (client) => {
    await updateLeased(
      client,
      claim,
      'retry',
      `status = 'scheduled', due = greatest(due, now() + $4 * interval '1 millisecond'),
       message = $5, fence = NULL, progress = NULL, lease_holder = NULL, lease_expires = NULL,
       busy_since = CASE WHEN $7 THEN coalesce(busy_since, now()) END`,
      {
        values: [
          options.delayMs,
          options.message,
          options.cause ?? options.message,
          options.busy ?? false,
        ],
        note: '$6::text',
      },
    );
    await unlockDataset(client, claim);
  });
}
