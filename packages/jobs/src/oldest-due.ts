import type { Database } from '@kasabi/postgres';

/**
 * For how long, in milliseconds, the oldest due job has waited to be taken up; 0 when none is due. What
 * tells whether jobs flow: a long queue may be healthy, an old one is not.
 */
export async function oldestDueMs(db: Database): Promise<number> {
  const { rows } = await db.query<{ waited: number }>({
    name: 'oldest-due',
    text: `
      SELECT (extract(epoch FROM now() - due) * 1000)::float8 AS waited
      FROM kasabi.job WHERE status = 'scheduled' AND due <= now() ORDER BY due LIMIT 1`,
  });
  return rows[0]?.waited ?? 0;
}
