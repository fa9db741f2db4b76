import type pg from 'pg';
import { hasSqlState, sqlState } from './errors.ts';

/** A reader waits behind the ALTER TABLE that waits itself, so that it gives up after so long. */
const lockTimeoutMs = 100;
const tries = 3;

/**
 * Gives a replica identity to every dataset's table that has none, as versions before made them: without
 * one, Postgres refuses to delete from a table that is published (55000). Each table is a transaction of
 * its own: all of them in one would need a lock for each dataset, which Postgres has no room for.
 *
 * Returns the tables that others kept open all the while.
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
