import { createPool, roleUrl } from '@kasabi/postgres';
import type pg from 'pg';
import { readSettings } from './env.ts';

/** Runs `work` with connections that act as the schema's owner, and closes them in any case. */
export async function withDatabase<T>(work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = createPool({
    url: roleUrl(readSettings().DATABASE_URL, 'owner'),
    applicationName: 'kasabi-admin',
    max: 2,
    needsSession: true,
    // The statement that next uses a connection reports that it broke.
    onIdleError: () => undefined,
  });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
