import { isPaused } from '@kasabi/datasets';
import type { Database } from '@kasabi/postgres';

/**
 * How long the oldest due job has waited to be claimed, in milliseconds; 0 when none is due. This shows whether jobs
 * flow: a long queue may be healthy, an old one is not. Paused jobs wait on purpose and do not count.
 */
export async function oldestDueMs(db: Database): Promise<number> {
  const { rows } = await db.query<{ waited: number }>({
    name: 'oldest-due',
    text: `
      SELECT (extract(epoch FROM now() - due) * 1000)::float8 AS waited
      FROM kasabi.job
      WHERE status = 'scheduled' AND due <= now() AND NOT ${isPaused('job.dataset_id')}
      ORDER BY due LIMIT 1`,
  });
  return rows[0]?.waited ?? 0;
}
