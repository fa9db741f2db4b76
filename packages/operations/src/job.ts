import type { JobParameters } from '@kasabi/domain';
import { type JobRecord, recordColumns } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

/** A job record, including what only operators see. */
export interface OperatorJob extends JobRecord {
  readonly parameters: JobParameters;
  readonly owner: string;
  /** The number of the API key that it was requested with. */
  readonly keyId: number;
  readonly leaseHolder: string | null;
  readonly leaseExpires: Date | null;
  readonly fence: number | null;
  /** How many of its attempts were lost with their workers. */
  readonly lost: number;
  /** Since when its attempts have found the dataset busy; null if the last one did not. */
  readonly busySince: Date | null;
  /** The failed job that it repeats, and the job that repeats it. */
  readonly repeats: string | null;
  readonly repeatedBy: string | null;
  /** When its delivery was last handed to Redis; null while the relay still has to do that. */
  readonly enqueuedAt: Date | null;
}

/** Finds a job of any owner by its id. */
export async function readJob(db: Database, jobId: string): Promise<OperatorJob | undefined> {
  const { rows } = await db.query<OperatorJob>({
    name: 'operator-job',
    text: `
      SELECT ${recordColumns}, o.name AS owner, j.parameters, j.requested_by AS "keyId",
             j.lease_holder AS "leaseHolder", j.lease_expires AS "leaseExpires", j.fence,
             j.enqueued_at AS "enqueuedAt", j.lost, j.busy_since AS "busySince", j.repeats,
             (SELECT a.made_job_id FROM kasabi.operator_action a
              WHERE a.job_id = j.id AND a.action = 'retry' AND a.outcome = 'done' LIMIT 1) AS "repeatedBy"
      FROM kasabi.job j JOIN kasabi.dataset d ON d.id = j.dataset_id
      JOIN kasabi.owner o ON o.id = d.owner_id
      WHERE j.id = $1`,
    values: [jobId],
  });
  return rows[0];
}
