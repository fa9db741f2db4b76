import type { Delivery } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';

/**
 * A query, as SQL, for the delivery of a dataset's next due job: a row if one waits. The first of those
 * that are scheduled is read and no other, however many there are: none may overtake it.
 */
export const nextDueOf = (datasetId: string): string => `
  SELECT id AS "jobId", attempt, trace, (extract(epoch FROM first.due) * 1000)::float8 AS due
  FROM (
    SELECT id, attempt, trace, due FROM kasabi.job
    WHERE dataset_id = ${datasetId} AND status = 'scheduled'
    ORDER BY start_time, id LIMIT 1
  ) AS first WHERE first.due <= clock_timestamp()`;

/** The delivery of the dataset's next due job, if one waits: what to promote when a job has ended. */
export async function nextDue(db: Database, datasetId: number): Promise<Delivery | undefined> {
  const { rows } = await db.query<Delivery>({
    name: 'next-due',
    text: nextDueOf('$1'),
    values: [datasetId],
  });
  return rows[0];
}
