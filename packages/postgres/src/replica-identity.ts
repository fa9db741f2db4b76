import type pg from 'pg';
import { hasSqlState, sqlState } from './errors.ts';

/** Readers wait behind a waiting ALTER TABLE, so it gives up after this time, in milliseconds. */
const lockTimeoutMs = 100;
const tries = 3;

/**
 * Gives a replica identity to every dataset's table that lacks one, as tables from older versions do: without
 * one, Postgres refuses to delete from a published table (55000). Each table is altered in a transaction of its
 * own: a single one would need a lock for each dataset, more than Postgres has room for.
 *
 * Returns the tables that other sessions kept open all the while.
 */
export async function giveReplicaIdentity(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relnamespace = 'store'::regnamespace AND c.relkind = 'r' AND c.relreplident = 'd'
      AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)`);
  let left = rows.map((row) => row.name);
  await client.query(`SET lock_timeout = ${lockTimeoutMs}`);
  for (let tried = 0; tried < tries && left.length > 0; tried += 1) {
    const kept: string[] = [];
    for (const name of left) {
      try {
        await client.query(`ALTER TABLE ${name} REPLICA IDENTITY FULL`);
      } catch (error) {
        if (!hasSqlState(error, sqlState.lockNotAvailable)) throw error;
        kept.push(name);
      }
    }
    left = kept;
  }
  await client.query('RESET lock_timeout');
  return left;
}
