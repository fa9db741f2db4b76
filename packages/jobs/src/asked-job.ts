import { recordSource } from './record.ts';

/** A job as a client names it, and the digest of the key it shows. */
export interface AskedJob {
  readonly keyDigest: Buffer;
  readonly datasetCode: string;
  readonly jobId: string;
}

/** Who may see what of a job, as SQL: `allowed` for the dataset's owner where the job is there. */
export const verdict = (allowed: string): string => `
  CASE WHEN k.id IS NULL THEN 'refused'
       WHEN d.id IS NULL THEN 'dataset-unknown'
       WHEN d.owner_id <> k.owner_id THEN 'refused'
       WHEN j.id IS NULL THEN 'job-unknown'
       ELSE '${allowed}' END`;

/** The jobs that are asked for, as SQL with `$1`, `$2` and `$3`: a row for each, in their order. */
const asked = `unnest($1::bytea[], $2::text[], $3::uuid[])
  WITH ORDINALITY AS asked (digest, code, id, position)`;

// Postgres takes an array of unknown length for one of ten, or for as many as there are, and then reads
// all keys and all datasets for one request. LIMIT keeps it to an index for each.

/** The valid key with this digest, as SQL to join. */
export const keyOf = (digest: string): string => `LATERAL (
  SELECT id, owner_id FROM kasabi.api_key WHERE digest = ${digest} AND revoked IS NULL LIMIT 1)`;

/** The dataset with this short code, as SQL to join. */
export const datasetOf = (code: string): string => `LATERAL (
  SELECT id, code, owner_id, status FROM kasabi.dataset WHERE code = ${code} LIMIT 1)`;

/** Where the verdict is read from: one row for each asked job, whatever is there. */
export const askedJobs = `${asked}
  LEFT JOIN ${keyOf('asked.digest')} AS k ON true
  LEFT JOIN ${datasetOf('asked.code')} AS d ON true
  LEFT JOIN LATERAL (
    SELECT ${recordSource} FROM kasabi.job WHERE job.id = asked.id AND job.dataset_id = d.id LIMIT 1
  ) AS j ON true`;

/** The parameters of a statement that is made with `askedJobs`. */
export const askedValues = (jobs: readonly AskedJob[]): unknown[] => [
  jobs.map((job) => job.keyDigest),
  jobs.map((job) => job.datasetCode),
  jobs.map((job) => job.jobId),
];
