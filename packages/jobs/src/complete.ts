import type { Delivery } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { updateLeased } from './leased.ts';
import { nextDueOf } from './next-due.ts';
import { publishedNotice } from './notices.ts';

/**
 * Ends a job as `completed`. Run it in the transaction that has the job's effect, so that both are one commit. Returns
 * the delivery of the dataset's next due job, if one waits, to promote after the commit. A job that becomes due between
 * this statement and the commit is missed, and waits for the end of its snooze.
 *
 * @throws LeaseLost
 */
export async function complete(db: Database, claim: Claim): Promise<Delivery | undefined> {
  const next = await updateLeased<Delivery | Record<keyof Delivery, null>>(
    db,
    claim,
    'complete',
    // clock_timestamp(), because the transaction began before the clearing did. The message of an earlier attempt that
    // failed is replaced.
    `status = 'completed', end_time = clock_timestamp(), lease_holder = NULL, lease_expires = NULL,
     message = (SELECT CASE d.status WHEN 'published' THEN ${publishedNotice} END
                FROM kasabi.dataset d WHERE d.id = job.dataset_id)`,
    { read: nextDueOf('updated.dataset_id') },
  );
  return next.jobId === null ? undefined : next;
}
