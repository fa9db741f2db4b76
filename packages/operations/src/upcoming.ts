import { type JobRecord, recordColumns, recordSource } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

/** The next scheduled jobs in the order they are due, overdue ones first. */
export async function readUpcoming(
  db: Database,
  { limit }: { readonly limit: number },
): Promise<JobRecord[]> {
  const { rows } = await db.query<JobRecord>({
    name: 'upcoming',
    text: `
      SELECT ${recordColumns}
      FROM (SELECT ${recordSource} FROM kasabi.job WHERE status = 'scheduled' ORDER BY due LIMIT $1) AS j
      JOIN kasabi.dataset d ON d.id = j.dataset_id
      ORDER BY j.due, j.id`,
    values: [limit],
  });
  return rows;
}
