/** A job as a client names it, and the digest of the key it shows: `$1`, `$2` and `$3` of the SQL here. */
export interface AskedJob {
  readonly keyDigest: Buffer;
  readonly datasetCode: string;
  readonly jobId: string;
}

/** The parameters of a statement that is made with `askedJob`. */
export const askedValues = (asked: AskedJob): unknown[] => [
  asked.keyDigest,
  asked.datasetCode,
  asked.jobId,
];

/** Who may see what of a job, as SQL: `allowed` for the dataset's owner where the job is there. */
export const verdict = (allowed: string): string => `
  CASE WHEN k.id IS NULL THEN 'refused'
       WHEN d.id IS NULL THEN 'dataset-unknown'
       WHEN d.owner_id <> k.owner_id THEN 'refused'
       WHEN j.id IS NULL THEN 'job-unknown'
       ELSE '${allowed}' END`;

/** Where the verdict is read from: one row, whatever is there. */
export const askedJob = `(VALUES (1)) AS one
  LEFT JOIN kasabi.api_key k ON k.digest = $1 AND k.revoked IS NULL
  LEFT JOIN kasabi.dataset d ON d.code = $2
  LEFT JOIN kasabi.job j ON j.id = $3 AND j.dataset_id = d.id`;
