import { isPaused } from '@kasabi/datasets';
import type { Database } from '@kasabi/postgres';

/**
 * For how long, in milliseconds, the oldest due job has waited to be taken up; 0 when none is due. What
 * tells whether jobs flow: a long queue may be healthy, an old one is not. Jobs of paused datasets wait because
 * they are meant to, and do not count.
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
