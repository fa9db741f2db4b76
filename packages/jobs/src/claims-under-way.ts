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
 * Waits until every claim has ended that may not know of a pause that is committed. A claim takes its lock on
 * the table of pauses before its snapshot, so that one whose lock is not there yet will see the pause. No
 * claim waits for this, and nothing but claims is waited for.
 *
 * @param timeoutMs how long to wait, in milliseconds: a claim waits when someone else holds its record.
 * @returns how many of them have not ended by then.
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
