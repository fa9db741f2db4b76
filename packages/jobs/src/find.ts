import type { Refusal } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { type AskedJob, askedJobs, askedValues, jobVerdict } from './asked-job.ts';
import { type JobRecord, recordColumns } from './record.ts';

export type FindOutcome =
  | { readonly outcome: 'found'; readonly job: JobRecord }
  | { readonly outcome: Refusal };

type Row = { readonly outcome: FindOutcome['outcome'] } & JobRecord;

/**
 * Reads jobs, each for the key with its digest. One statement checks all keys and owners and reads all records. Returns
 * one outcome per request, in order.
 */
export async function findJobs(
  db: Database,
  requests: readonly AskedJob[],
): Promise<FindOutcome[]> {
  const { rows } = await db.query<Row>({
    name: 'find-jobs',
    text: `
      SELECT ${jobVerdict('found')} AS outcome, ${recordColumns}
      FROM ${askedJobs} ORDER BY asked.position`,
    values: askedValues(requests),
  });
  return rows.map((row) =>
    row.outcome === 'found' ? { outcome: 'found', job: row } : { outcome: row.outcome },
  );
}
