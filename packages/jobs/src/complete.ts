import type { Delivery, JobResult } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { publishedNotice } from './by-type.ts';
import type { Claim } from './claim.ts';
import { updateLeased } from './leased.ts';
import { nextDueOf } from './next-due.ts';

/**
 * Ends a job as `completed`. Run it in the transaction that has the job's effect, so that both are one commit. Returns
 * the delivery of the dataset's next due job, if one waits, to promote after the commit. A job that becomes due between
 * this statement and the commit is missed, and waits for the end of its snooze.
 *
 * @param result what the job leaves behind; null for nothing.
 * @throws LeaseLost
 */
export async function complete(
  db: Database,
  claim: Claim,
  result: JobResult | null = null,
): Promise<Delivery | undefined> {
  const next = await updateLeased<Delivery | Record<keyof Delivery, null>>(
    db,
    claim,
    'complete',
    // clock_timestamp(), because the transaction began before the clearing did. The message of an earlier attempt that
    // failed is replaced.
    `status = 'completed', end_time = clock_timestamp(), lease_holder = NULL, lease_expires = NULL,
     progress = NULL, result = $4::jsonb,
     message = (SELECT CASE d.status WHEN 'published' THEN ${publishedNotice('job.type')} END
                FROM kasabi.dataset d WHERE d.id = job.dataset_id)`,
    {
      values: [result === null ? null : JSON.stringify(result)],
      read: nextDueOf('updated.dataset_id'),
    },
  );
  return next.jobId === null ? undefined : next;
}
