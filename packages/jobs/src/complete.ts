import type { Delivery } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { updateLeased } from './leased.ts';
import { nextDueOf } from './next-due.ts';
import { publishedNotice } from './notices.ts';

/**
 * Ends a job as `completed`. Run it in the transaction that has the job's effect, so that both are one
 * commit. Returns the delivery of the dataset's next due job, if one waits: what to promote when that is
 * committed. A job that becomes due before the commit does is missed, and sits out its snooze.
 *
 * @throws LeaseLost
 */
export async function complete(db: Database, claim: Claim): Promise<Delivery | undefined> {
  const next = await updateLeased<Delivery | Record<keyof Delivery, null>>(
    db,
    claim,
    'complete',
    // clock_timestamp(): the transaction began before the clearing did. What an earlier attempt failed
    // of is no news any more.
    `status = 'completed', end_time = clock_timestamp(), lease_holder = NULL, lease_expires = NULL,
     message = (SELECT CASE d.status WHEN 'published' THEN ${publishedNotice} END
                FROM kasabi.dataset d WHERE d.id = job.dataset_id)`,
    { read: nextDueOf('updated.dataset_id') },
  );
  return next.jobId === null ? undefined : next;
}
