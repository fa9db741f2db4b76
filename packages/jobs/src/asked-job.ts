import { type Access, joinAccess, verdict } from '@kasabi/accounts';
import { recordSource } from './record.ts';

/** A job as a client names it, and the digest of the key it shows. */
export interface AskedJob extends Access {
  /** Undefined where a request names none that could be there. */
  readonly jobId: string | undefined;
}

/** Who may see what of a job, as SQL: `allowed` for the dataset's owner where the job is there. */
export const jobVerdict = (allowed: string): string =>
  verdict(`CASE WHEN j.id IS NULL THEN 'job-unknown' ELSE '${allowed}' END`);

/**
 * Where the verdict is read from, as SQL with `$1`, `$2` and `$3`: one row for each asked job, in their order,
 * whatever is there.
 */
export const askedJobs = `
  unnest($1::bytea[], $2::text[], $3::uuid[]) WITH ORDINALITY AS asked (digest, code, id, position)
  ${joinAccess('asked.digest', 'asked.code')}
  LEFT JOIN LATERAL (
    SELECT ${recordSource} FROM kasabi.job WHERE job.id = asked.id AND job.dataset_id = d.id LIMIT 1
  ) AS j ON true`;

/** The parameters of a statement that is made with `askedJobs`. */
export const askedValues = (jobs: readonly AskedJob[]): unknown[] => [
  jobs.map((job) => job.keyDigest),
  jobs.map((job) => job.datasetCode ?? null),
  jobs.map((job) => job.jobId ?? null),
];
