import type { Database } from '@kasabi/postgres';
import { type JobRecord, recordColumns, recordSource } from './record.ts';

/** A job in the state that its watcher knows. */
export type Watched = Pick<JobRecord, 'id' | 'status' | 'attempt'>;

/** A watched job that is now in another state, or gone. */
export interface Change {
  /** Its position in the request, from 0. */
  readonly position: number;
  /** Undefined when the record is gone. */
  readonly record: JobRecord | undefined;
}

type Row = { readonly position: number } & (JobRecord | { readonly id: null });

/**
 * Reads which of many jobs have changed or are gone, in one statement whatever their number, and at most
 * `limit` of them. A job goes with its
 * dataset. Another attempt is another state, so that a job that was put off and claimed again between two looks has
 * changed too.
 */
export async function readChanges(
  db: Database,
  watched: readonly Watched[],
  limit: number,
): Promise<Change[]> {
  const { rows } = await db.query<Row>({
    name: 'read-changes',
    text: `
      SELECT (known.position - 1)::int AS position, ${recordColumns}
      FROM unnest($1::uuid[], $2::text[], $3::int[])
        WITH ORDINALITY AS known (id, status, attempt, position)
      LEFT JOIN LATERAL (SELECT ${recordSource} FROM kasabi.job WHERE id = known.id LIMIT 1) AS j ON true
      LEFT JOIN kasabi.dataset d ON d.id = j.dataset_id
      WHERE j.id IS NULL OR j.status <> known.status OR j.attempt <> known.attempt
      LIMIT $4`,
    // No value needs quoting; node-postgres would check each of thousands for that.
    values: [
      arrayOf(watched.map((job) => job.id)),
      arrayOf(watched.map((job) => job.status)),
      arrayOf(watched.map((job) => job.attempt)),
      limit,
    ],
  });
  return rows.map(({ position, ...record }) => ({
    position,
    record: record.id === null ? undefined : record,
  }));
}

const arrayOf = (words: readonly (string | number)[]): string => `{${words.join(',')}}`;
