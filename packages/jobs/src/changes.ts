import type { Database } from '@kasabi/postgres';
import { type JobRecord, recordColumns, recordSource } from './record.ts';

/** A job, and the state of it that its watcher knows. */
export type Watched = Pick<JobRecord, 'id' | 'status' | 'attempt'>;

/** A watched job that is in another state than the one known, or gone. */
export interface Change {
  /** Its place among those asked for, from 0. */
  readonly position: number;
  /** Undefined when the record is gone. */
  readonly record: JobRecord | undefined;
}

type Row = { readonly position: number } & (JobRecord | { readonly id: null });

/**
 * Reads, of many jobs, those that are in another state than the one known: one statement whatever their
 * number, which returns only what has changed or is gone, as a dataset's jobs are with it. Another attempt is another state, so that a job that was
 * put off and taken up again between two looks has changed, too.
 */
export async function readChanges(db: Database, watched: readonly Watched[]): Promise<Change[]> {
  const { rows } = await db.query<Row>({
    name: 'read-changes',
    text: `
      SELECT (known.position - 1)::int AS position, ${recordColumns}
      FROM unnest($1::uuid[], $2::text[], $3::int[])
        WITH ORDINALITY AS known (id, status, attempt, position)
      LEFT JOIN LATERAL (SELECT ${recordSource} FROM kasabi.job WHERE id = known.id LIMIT 1) AS j ON true
      LEFT JOIN kasabi.dataset d ON d.id = j.dataset_id
      WHERE j.id IS NULL OR j.status <> known.status OR j.attempt <> known.attempt`,
    // None needs quoting, which node-postgres would look for in each of thousands.
    values: [
      arrayOf(watched.map((job) => job.id)),
      arrayOf(watched.map((job) => job.status)),
      arrayOf(watched.map((job) => job.attempt)),
    ],
  });
  return rows.map(({ position, ...record }) => ({
    position,
    record: record.id === null ? undefined : record,
  }));
}

const arrayOf = (words: readonly (string | number)[]): string => `{${words.join(',')}}`;
