import { withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import type { Claim } from './claim.ts';

const prefix = 'kasabi-worker-copy';

/** The name of the session that reads or restores a dataset for an attempt: 63 characters at most, as Postgres allows. */
export const copySessionName = ({ jobId, attempt }: Pick<Claim, 'jobId' | 'attempt'>): string =>
  `${prefix} ${jobId} ${attempt}`;

/**
 * Ends the sessions that read or restore a dataset for an attempt that is over, and returns how many there were. Their
 * workers are frozen: a COPY whose other side stands still counts as active, so that no timeout of Postgres's ends it,
 * and it would keep old rows from being vacuumed.
 */
export async function endStraySessions(pool: pg.Pool): Promise<number> {
  return await withTransaction(pool, async (client) => {
    const found = await findStray(client, null);
    if (found.length === 0) return 0;
    // Once more: a claim may have been committed between the two looks of the first statement.
    const stray = await findStray(client, found);
    // As the login itself: a role that it has assumed may not end sessions of another one.
    await client.query('SET LOCAL ROLE NONE');
    const ended = await client.query<{ ended: number }>(
      `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int AS ended
       FROM unnest($1::int[]) AS pids (pid)`,
      [stray],
    );
    return ended.rows[0]?.ended ?? 0;
  });
}

/** The process ids of such sessions; only of these, unless null. */
async function findStray(
  client: pg.ClientBase,
  among: readonly number[] | null,
): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>({
    name: 'stray-sessions',
    text: `
      SELECT s.pid FROM (
        SELECT a.pid, split_part(a.application_name, ' ', 2)::uuid AS id,
               split_part(a.application_name, ' ', 3)::int AS attempt
        FROM pg_stat_activity a
        WHERE a.datname = current_database() AND ($1::int[] IS NULL OR a.pid = ANY ($1))
          AND a.application_name ~ '^${prefix} [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} [0-9]{1,5}$'
      ) AS s
      LEFT JOIN kasabi.job j ON j.id = s.id AND j.status = 'running' AND j.attempt = s.attempt
      WHERE j.id IS NULL`,
    values: [among],
  });
  return rows.map(({ pid }) => pid);
}
