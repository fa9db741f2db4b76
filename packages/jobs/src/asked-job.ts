import { type Access, joinAccess, verdict } from '@kasabi/accounts';
import { recordSource } from './record.ts';

/** A job as a client names it, with the digest of the client's key. */
export interface AskedJob extends Access {
  /** Undefined if the request names none that can exist. */
  readonly jobId: string | undefined;
}

/** SQL for the outcome of a request about a job: `allowed` for the dataset's owner if the job exists. */
export const jobVerdict = (allowed: string): string =>
  verdict(`CASE WHEN j.id IS NULL THEN 'job-unknown' ELSE '${allowed}' END`);

/**
 * SQL with `$1`, `$2` and `$3` to read the outcome from: one row for each asked job, with a position, whether the job
 * exists or not.
 */
export const askedJobs = `
  unnest($1::bytea[], $2::text[], $3::uuid[]) WITH ORDINALITY AS asked (digest, code, id, position)
  ${joinAccess('asked.digest', 'asked.code')}
  LEFT JOIN LATERAL (
    SELECT ${recordSource} FROM kasabi.job WHERE job.id = asked.id AND job.dataset_id = d.id LIMIT 1
  ) AS j ON true`;

/** The parameters of a statement with `askedJobs`. */
export const askedValues = (jobs: readonly AskedJob[]): unknown[] => [
  jobs.map((job) => job.keyDigest),
  jobs.map((job) => job.datasetCode ?? null),
  jobs.map((job) => job.jobId ?? null),
];
