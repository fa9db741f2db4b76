import type pg from 'pg';

/**
 * True when every job of these datasets has ended. With `running`, jobs that have not begun do not
 * matter. False when Postgres does not answer just now.
 */
export async function isQuiet(
  pool: pg.Pool,
  datasetIds: readonly number[],
  options: { readonly running: boolean },
): Promise<boolean> {
  try {
    const { rows } = await pool.query<{ quiet: boolean }>(
      `SELECT NOT EXISTS (
         SELECT FROM kasabi.job WHERE dataset_id = ANY($1) AND status = ANY($2)) AS quiet`,
      [datasetIds, options.running ? ['running'] : ['running', 'scheduled']],
    );
    return rows[0]?.quiet === true;
  } catch {
    return false;
  }
}
