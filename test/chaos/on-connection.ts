import type pg from 'pg';

/**
 * Runs a transaction that opens and ends itself on a connection of the pool. What is open when it throws is
 * rolled back; a connection that cannot even do that, or that broke, is closed, never pooled again.
 *
 * @throws what `work` throws, or the pool when it has no connection.
 */
export async function onConnection(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  let broken = false;
  const onError = (): void => {
    broken = true;
  };
  client.on('error', onError);
  try {
    await work(client);
  } catch (error) {
    broken ||= (await client.query('ROLLBACK').catch(() => undefined)) === undefined;
    throw error;
  } finally {
    client.removeListener('error', onError);
    client.release(broken);
  }
}
