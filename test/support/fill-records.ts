import type pg from 'pg';

export interface FillOptions {
  readonly records: number;
  /** The registry must have this many datasets, numbered from 1. */
  readonly datasets: number;
}

// Of a hundred records, 95 have ended in the last 80 days, four are scheduled for one of the next days and
// one for within the hour, which Redis holds. Ids are in the order of their creation, as in life.
const insert = `
  INSERT INTO kasabi.job (id, dataset_id, type, status, created, start_time, due, started, end_time,
                          attempt, enqueued_at, requested_by)
  SELECT uuidv7(asked - now()), n % $2 + 1, 'reset',
         CASE WHEN ended THEN 'completed' ELSE 'scheduled' END, asked, start, start,
         CASE WHEN ended THEN start END, CASE WHEN ended THEN start + interval '1 second' END,
         CASE WHEN ended THEN 1 ELSE 0 END, CASE WHEN ended OR near THEN asked END, 1
  FROM generate_series(1, $1::int) AS n
  CROSS JOIN LATERAL (
    SELECT n % 100 > 4 AS ended, n % 100 = 4 AS near,
           now() - interval '80 days' * (1 - n::float8 / $1) - interval '1 hour' AS asked
  ) AS kind
  CROSS JOIN LATERAL (
    SELECT CASE WHEN ended THEN asked + interval '1 minute'
                WHEN near THEN now() + interval '20 minutes' * (1 + n::float8 / $1)
                ELSE now() + interval '2 hours' + interval '1 second' * n END AS start
  ) AS times`;

/**
 * Fills the table of job records with a platform's history, without a job for each, and leaves it vacuumed
 * and analysed. Foreign keys are not checked meanwhile, and the indexes are taken away and made again as
 * they were, which takes a third of the time.
 */
export async function fillRecords(pool: pg.Pool, options: FillOptions): Promise<void> {
  const client = await pool.connect();
  try {
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
       FROM pg_index WHERE indrelid = 'kasabi.job'::regclass AND NOT indisprimary`,
    );
    await client.query("SET session_replication_role = 'replica'");
    await client.query("SET maintenance_work_mem = '256MB'");
    for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
    await client.query(insert, [options.records, options.datasets]);
    for (const { definition } of indexes) await client.query(definition);
    await client.query('RESET session_replication_role');
    await client.query('RESET maintenance_work_mem');
    await client.query('VACUUM ANALYZE kasabi.job, kasabi.dataset, kasabi.api_key');
  } finally {
    client.release();
  }
}

/** Registers datasets without tables for their data, with short codes `dataset-1` and on. */
export async function registerDatasets(pool: pg.Pool, datasets: number): Promise<void> {
  await pool.query(
    `INSERT INTO kasabi.dataset (code, title, owner_id)
     SELECT 'dataset-' || n, 'Dataset ' || n, (SELECT min(id) FROM kasabi.owner)
     FROM generate_series(1, $1::int) AS n`,
    [datasets],
  );
}
