import type { Database } from '@kasabi/postgres';
import type { Delivery } from './delivery.ts';

/** The delivery of the dataset's next due job, if one waits: what to promote when a job has ended. */
export async function nextDue(db: Database, datasetId: number): Promise<Delivery | undefined> {
  const { rows } = await db.query<Delivery>({
    name: 'next-due',
    text: `
      SELECT id AS "jobId", attempt, trace, (extract(epoch FROM due) * 1000)::float8 AS due
      FROM kasabi.job
      WHERE dataset_id = $1 AND status = 'scheduled' AND due <= now()
      ORDER BY job.due, id LIMIT 1`,
    values: [datasetId],
  });
  return rows[0];
}
