import type { Database } from '@kasabi/postgres';
import { type JobRecord, recordColumns } from './record.ts';

export type FindOutcome =
  | { readonly outcome: 'found'; readonly job: JobRecord }
  | { readonly outcome: 'refused' | 'dataset-unknown' | 'job-unknown' };

type Row = { readonly outcome: FindOutcome['outcome'] } & JobRecord;

/** Reads a job of a dataset for the key with this digest: key, ownership and record in one statement. */
export async function findJob(
  db: Database,
  request: { readonly keyDigest: Buffer; readonly datasetCode: string; readonly jobId: string },
): Promise<FindOutcome> {
  const { rows } = await db.query<Row>({
    name: 'find-job',
    text: `
      SELECT CASE WHEN k.id IS NULL THEN 'refused'
                  WHEN d.id IS NULL THEN 'dataset-unknown'
                  WHEN d.owner_id <> k.owner_id THEN 'refused'
                  WHEN j.id IS NULL THEN 'job-unknown'
                  ELSE 'found' END AS outcome,
             ${recordColumns}
      FROM (VALUES (1)) AS one
      LEFT JOIN kasabi.api_key k ON k.digest = $1 AND k.revoked IS NULL
      LEFT JOIN kasabi.dataset d ON d.code = $2
      LEFT JOIN kasabi.job j ON j.id = $3 AND j.dataset_id = d.id`,
    values: [request.keyDigest, request.datasetCode, request.jobId],
  });
  const { outcome, ...job } = rows[0] as Row;
  return outcome === 'found' ? { outcome, job } : { outcome };
}
