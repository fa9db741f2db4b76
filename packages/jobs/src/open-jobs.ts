import { withTransaction } from '@kasabi/postgres';
import type pg from 'pg';

/** How many hours a count is used before it is made again. */
const countedHours = 1;

/**
 * SQL that takes places for jobs of datasets, as far as the limit on unfinished jobs allows: rows of `dataset_id` and
 * `places`. A dataset that has to be counted first has no row.
 *
 * `kasabi.open_jobs` has an upper bound: the last count, plus every job that was accepted since then. Jobs that end do
 * not lower it, so that no worker has to write it; when it reaches the limit, the jobs are counted again. Reading up to
 * 1,000 jobs for each request took 100 µs of Postgres, and longer the more there were. They are also counted every
 * hour, because there are other ways to make a job: an operator repeats one, or an api without a limit accepts it.
 *
 * Rows are locked in the same order everywhere, so that two statements never wait for each other.
 *
 * @param wanted the name of a relation with a row of `dataset_id` for each job.
 * @param limit SQL for the limit; with 0 no places are taken.
 */
export const takePlaces = (wanted: string, limit: string): string => `
  locked AS MATERIALIZED (
    SELECT o.dataset_id, w.jobs AS wanted
    FROM kasabi.open_jobs o
    JOIN (SELECT dataset_id, count(*)::int AS jobs FROM ${wanted} GROUP BY dataset_id) AS w
      ON w.dataset_id = o.dataset_id
    WHERE ${limit} > 0
    ORDER BY o.dataset_id
    FOR NO KEY UPDATE OF o
  ), granted AS (
    UPDATE kasabi.open_jobs o
    SET jobs = o.jobs + least(l.wanted, ${limit} - o.jobs)
    FROM locked l
    WHERE o.dataset_id = l.dataset_id AND o.jobs < ${limit}
      AND o.counted > now() - interval '${countedHours} hours'
    RETURNING o.dataset_id, new.jobs - old.jobs AS places
  )`;

/**
 * Counts the unfinished jobs of these datasets, up to `limit` for each. It waits for jobs that are just being accepted:
 * the first statement takes the locks, and the second sees what was committed before it began.
 */
export async function countOpenJobs(
  pool: pg.Pool,
  datasetCodes: readonly (string | undefined)[],
  limit: number,
): Promise<void> {
  const codes = [...new Set(datasetCodes)];
  await withTransaction(pool, async (client) => {
    await client.query({
      name: 'lock-open-jobs',
      text: `
        INSERT INTO kasabi.open_jobs AS o (dataset_id, jobs, counted)
        SELECT id, 0, '-infinity' FROM kasabi.dataset WHERE code = ANY($1) ORDER BY id
        ON CONFLICT (dataset_id) DO UPDATE SET jobs = o.jobs`,
      values: [codes],
    });
    await client.query({
      name: 'count-open-jobs',
      text: `
        UPDATE kasabi.open_jobs o
        -- Counting stops at the limit, so this count is not used once the limit is higher.
        SET counted = CASE WHEN found.jobs < $2 THEN now() ELSE '-infinity' END, jobs = found.jobs
        FROM kasabi.dataset d CROSS JOIN LATERAL (
          SELECT (SELECT count(*) FROM (
                    SELECT FROM kasabi.job j
                    WHERE j.dataset_id = d.id AND j.status = 'scheduled'
                    ORDER BY j.start_time, j.id LIMIT $2
                  ) AS scheduled)
                 + (SELECT count(*) FROM kasabi.job j
                    WHERE j.dataset_id = d.id AND j.status = 'running') AS jobs
        ) AS found
        WHERE d.code = ANY($1) AND o.dataset_id = d.id`,
      values: [codes, limit],
    });
  });
}
