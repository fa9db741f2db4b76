import type { Database } from '@kasabi/postgres';
import { type AskedJob, askedJob, askedValues, verdict } from './asked-job.ts';
import { type JobRecord, recordColumns } from './record.ts';

export type FindOutcome =
  | { readonly outcome: 'found'; readonly job: JobRecord }
  | { readonly outcome: 'refused' | 'dataset-unknown' | 'job-unknown' };

type Row = { readonly outcome: FindOutcome['outcome'] } & JobRecord;

/** Reads a job of a dataset for the key with this digest: key, ownership and record in one statement. */
export async function findJob(db: Database, request: AskedJob): Promise<FindOutcome> {
  const { rows } = await db.query<Row>({
    name: 'find-job',
    text: `
      SELECT ${verdict('found')} AS outcome, ${recordColumns}
      FROM ${askedJob}`,
    values: askedValues(request),
  });
  const { outcome, ...job } = rows[0] as Row;
  return outcome === 'found' ? { outcome, job } : { outcome };
}
