import type { RecordStatus } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';

/** The record of a job that may have made objects. */
export interface Maker {
  readonly id: string;
  readonly status: RecordStatus;
  /** The object that its result names, unless that has expired. */
  readonly object: string | null;
}

/**
 * Reads the jobs that objects in a store belong to; a job without a record is missing. Undefined while all jobs are
 * paused: a database that was restored from a backup may not have the records of the newest objects yet.
 */
export async function readMakers(
  db: Database,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, Maker> | undefined> {
  const { rows } = await db.query<Maker & { paused: boolean }>({
    name: 'read-makers',
    text: `
      SELECT j.id, j.status,
             CASE WHEN (j.result ->> 'expires')::timestamptz > now() THEN j.result ->> 'object' END AS object,
             p.paused
      FROM (SELECT EXISTS (SELECT FROM kasabi.pause WHERE dataset_id IS NULL) AS paused) AS p
      LEFT JOIN kasabi.job j ON j.id = ANY ($1::uuid[])`,
    values: [jobIds],
  });
  if (rows[0]?.paused) return undefined;
  return new Map(rows.map((maker) => [maker.id, maker]));
}
