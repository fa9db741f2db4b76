import type { Database } from '@kasabi/postgres';
import { type JobRecord, recordColumns } from './record.ts';

/** A job, and the state of it that its watcher knows. */
export type Watched = Pick<JobRecord, 'id' | 'status' | 'attempt'>;

/** A watched job that is in another state than the one known. */
export interface Change {
  /** Its place among those asked for, from 0. */
  readonly position: number;
  readonly record: JobRecord;
}

type Row = JobRecord & { readonly position: number };

/**
 * Reads, of many jobs, those that are in another state than the one known: one statement whatever their
 * number, which returns only what has changed. Another attempt is another state, so that a job that was
 * put off and taken up again between two looks has changed, too.
 */
export async function readChanges(db: Database, watched: readonly Watched[]): Promise<Change[]> {
  const { rows } = await db.query<Row>({
    name: 'read-changes',
    text: `
      SELECT (known.position - 1)::int AS position, ${recordColumns}
      FROM unnest($1::uuid[], $2::text[], $3::int[])
        WITH ORDINALITY AS known (id, status, attempt, position)
      JOIN LATERAL (SELECT * FROM kasabi.job WHERE id = known.id LIMIT 1) AS j
        ON j.status <> known.status OR j.attempt <> known.attempt
      JOIN kasabi.dataset d ON d.id = j.dataset_id`,
    // None needs quoting, which node-postgres would look for in each of thousands.
    values: [
      arrayOf(watched.map((job) => job.id)),
      arrayOf(watched.map((job) => job.status)),
      arrayOf(watched.map((job) => job.attempt)),
    ],
  });
  return rows.map(({ position, ...record }) => ({ position, record }));
}

const arrayOf = (words: readonly (string | number)[]): string => `{${words.join(',')}}`;
