import type pg from 'pg';

/** What runs one statement: a pool (in a transaction of its own) or a client (in its present one). */
export type Database = Pick<pg.ClientBase, 'query'> | Pick<pg.Pool, 'query'>;

/**
 * Runs `work` in one READ COMMITTED transaction on a connection of its own: COMMIT when it returns,
 * ROLLBACK when it throws. A connection that cannot even roll back is closed, never pooled again.
 *
 * @throws what `work` throws, or Postgres's error when COMMIT fails.
 */
export async function withTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((reason: Error) => {
      broken = reason;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
