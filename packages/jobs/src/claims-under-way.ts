import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@kasabi/postgres';

async function read(db: Database): Promise<Set<string>> {
  const { rows } = await db.query<{ holder: string }>(
    `SELECT virtualtransaction AS holder FROM pg_catalog.pg_locks
     WHERE locktype = 'relation' AND relation = 'kasabi.pause'::regclass AND mode = 'RowShareLock'
       AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       AND granted`,
  );
  return new Set(rows.map(({ holder }) => holder));
}

/**
 * Waits for the end of all claims that may not know about a committed pause. A claim locks the table of pauses before
 * it takes its snapshot, so a claim whose lock is not there yet will see the pause. No claim waits for this, and this
 * waits for nothing but claims.
 *
 * @param timeoutMs how long to wait, in milliseconds: a claim waits while somebody else holds its record.
 * @returns how many of the claims have not ended by then.
 */
export async function claimsSettled(db: Database, timeoutMs: number): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  let before = await read(db);
  while (before.size > 0 && performance.now() < deadline) {
    await sleep(5);
    const now = await read(db);
    before = new Set([...before].filter((holder) => now.has(holder)));
  }
  return before.size;
}
