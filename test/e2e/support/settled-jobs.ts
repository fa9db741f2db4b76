import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';

/** What became of jobs. */
export interface SettledJobs {
  /** How many of them have completed. */
  readonly completed: number;
  /** How many have ended more than once. */
  readonly doubled: number;
  /** How many datasets are read-only, of all. */
  readonly locked: number;
  /** How long the latest started after it was due, or after `servedAt` if that was later, in milliseconds. */
  readonly late: number;
}

/** Waits until no job is scheduled or running, and tells what became of these. */
export async function settledJobs(
  pool: pg.Pool,
  ids: readonly string[],
  servedAt: Date,
): Promise<SettledJobs> {
  await waitFor(
    async () => {
      const { rows } = await pool.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM kasabi.job WHERE status IN ('scheduled', 'running')",
      );
      return rows[0]?.count === 0;
    },
    { what: 'all jobs to end', timeoutMs: 60_000, everyMs: 100 },
  );
  const { rows } = await pool.query<SettledJobs>(
    `SELECT (SELECT count(*) FROM kasabi.job WHERE id = ANY($1) AND status = 'completed')::int AS completed,
            (SELECT count(*) FROM (SELECT FROM kasabi.job_transition
               WHERE event IN ('complete', 'fail') AND job_id = ANY($1)
               GROUP BY job_id HAVING count(*) > 1) AS twice)::int AS doubled,
            (SELECT count(*) FROM kasabi.dataset WHERE storage_mode = 'read-only')::int AS locked,
            (SELECT max(extract(epoch FROM started - greatest(start_time, $2)) * 1000)
               FROM kasabi.job WHERE id = ANY($1))::float8 AS late`,
    [ids, servedAt],
  );
  return rows[0] as SettledJobs;
}
