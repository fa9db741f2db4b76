import type pg from 'pg';
import { cancelStatement } from './cancel.ts';
import { spoiltBy } from './errors.ts';

/** Runs one statement: a pool (in a transaction of its own) or a client (in its current one). */
export type Database = Pick<pg.ClientBase, 'query'> | Pick<pg.Pool, 'query'>;

/**
 * Runs `work` in one READ COMMITTED transaction on a connection of its own: COMMIT when it returns,
 * ROLLBACK when it throws. A connection that cannot even roll back, or that met a sick Postgres, is closed,
 * never pooled again.
 *
 * When `signal` aborts, Postgres is asked to cancel the current statement, so that `work` throws (57014) within
 * moments and holds no lock any longer.
 *
 * @throws what `work` throws, or Postgres's error when COMMIT fails.
 */
export async function withTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const client = await pool.connect();
  let broken: Error | undefined;
  let cancelling: Promise<void> | undefined;
  const cancel = (): void => {
    cancelling = cancelStatement(client);
  };
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    await client.query('BEGIN');
    const result = await work(client);
    signal?.throwIfAborted();
    const { command } = await client.query('COMMIT');
    // Postgres's answer to COMMIT after a statement failed and `work` ignored the failure.
    if (command !== 'COMMIT') throw new Error('A statement failed, so Postgres rolled back.');
    return result;
  } catch (error) {
    await cancelling;
    if (error instanceof Error && spoiltBy(error) !== 'nothing') broken = error;
    await client.query('ROLLBACK').catch((reason: Error) => {
      broken ??= reason;
    });
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    // A late cancel must not hit the next user of the connection.
    await cancelling;
    client.release(broken);
  }
}
