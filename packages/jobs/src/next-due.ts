import type { Delivery } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';

/**
 * A SQL query for the delivery of a dataset's next due job, if one waits. It reads only the first of the scheduled
 * jobs, however many there are, because no other may overtake it.
 */
export const nextDueOf = (datasetId: string): string => `
  SELECT id AS "jobId", attempt, trace, (extract(epoch FROM first.due) * 1000)::float8 AS due
  FROM (
    SELECT id, attempt, trace, due FROM kasabi.job
    WHERE dataset_id = ${datasetId} AND status = 'scheduled'
    ORDER BY start_time, id LIMIT 1
  ) AS first WHERE first.due <= clock_timestamp()`;

/** The delivery of the dataset's next due job, if one waits, to promote when a job has ended. */
export async function nextDue(db: Database, datasetId: number): Promise<Delivery | undefined> {
  const { rows } = await db.query<Delivery>({
    name: 'next-due',
    text: nextDueOf('$1'),
    values: [datasetId],
  });
  return rows[0];
}
