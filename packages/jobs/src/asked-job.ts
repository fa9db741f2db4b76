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

/** Where the verdict is read from: one row for each asked job, whatever is there. */
export const askedJobs = `${asked}
  LEFT JOIN kasabi.api_key k ON k.digest = asked.digest AND k.revoked IS NULL
  LEFT JOIN kasabi.dataset d ON d.code = asked.code
  LEFT JOIN kasabi.job j ON j.id = asked.id AND j.dataset_id = d.id`;

/** The parameters of a statement that is made with `askedJobs`. */
export const askedValues = (jobs: readonly AskedJob[]): unknown[] => [
  jobs.map((job) => job.keyDigest),
  jobs.map((job) => job.datasetCode),
  jobs.map((job) => job.jobId),
];
