import { setTimeout as sleep } from 'node:timers/promises';
import { hasSqlState, sqlState } from '@kasabi/postgres';
import type pg from 'pg';
import { FencedOut } from './errors.ts';
import type { Lock } from './lock.ts';
import { LOCK_CLASS, quadsTable, WORK_CLASS } from './tables.ts';

/** The lock of a dataset that a job holds. */
export interface HeldLock extends Lock {
  readonly datasetId: number;
  /** The job that holds it. */
  readonly jobId: string;
}

/**
 * Postgres ends such a transaction whose worker is silent for this long, in milliseconds: once it
 * has the table for itself, every reader waits for it.
 */
const idleTimeoutMs = 1_000;

/** How long the later steps of the transaction may wait for a lock, in milliseconds. */
const stepTimeoutMs = 5_000;

/**
 * Postgres cancels an autovacuum that this transaction has waited for this long, in milliseconds. Its default
 * is a second, too long for a reader to wait behind a TRUNCATE; without this, a reset soon after a load
 * deleted row by row and took 7 s instead of 0.4 s at 10 million quads.
 */
const autovacuumGraceMs = 100;

// FOR SHARE, like the guard: from here to the end of the transaction no other session can lock, unlock or
// rescue, and writers that the guard refuses need not wait. It comes before the TRUNCATE, because a lost
// attempt would otherwise make readers wait until the guard refuses it.
//
// The dataset's advisory lock comes before its row, as in the guard, the locker and the publisher. In the
// other order, the guard of this transaction's DELETE deadlocked with them, which ended the reset's attempt:
// with a worker that woke up late and locked for a job it had lost, or with an owner who published.
//
// MATERIALIZED, so that both waits are bounded: Postgres reads lock_timeout when it begins to wait.
const enter = `
  WITH bounded AS MATERIALIZED (
    SELECT set_config('lock_timeout', $4, true) AS by,
           pg_advisory_xact_lock_shared(${WORK_CLASS}, $1::integer)
  ), admitted AS MATERIALIZED (
    SELECT by, pg_advisory_xact_lock_shared(${LOCK_CLASS}, $1::integer) FROM bounded WHERE by IS NOT NULL)
  SELECT set_config('kasabi.fence', $1 || ':' || $3 || ':' || $8, true),
         set_config('idle_in_transaction_session_timeout', $5, true),
         CASE WHEN has_parameter_privilege('deadlock_timeout', 'SET')
           THEN set_config('deadlock_timeout', $7, true) END,
         pg_relation_size($6::regclass) AS bytes
  FROM admitted, kasabi.dataset
  WHERE by IS NOT NULL AND id = $1::integer AND locked_by = $2 AND fence = $3::bigint
  FOR SHARE OF dataset`;

/**
 * Begins to replace the data of a locked dataset, inside the caller's transaction: from here to its end the lock
 * cannot be taken over. Returns the size of the dataset's table in bytes.
 *
 * @throws FencedOut when the dataset is no longer locked with this fence.
 */
export async function enterLocked(client: pg.ClientBase, held: HeldLock): Promise<number> {
  const { datasetId, jobId, fence, secret } = held;
  const { rows } = await client.query<{ bytes: number }>({
    name: 'enter-clearing',
    text: enter,
    values: [
      ...[datasetId, jobId, fence, stepTimeoutMs, idleTimeoutMs, quadsTable(datasetId)],
      ...[autovacuumGraceMs, secret],
    ].map(String),
  });
  const [entered] = rows;
  if (entered === undefined) throw new FencedOut(datasetId, fence);
  return entered.bytes;
}

export interface AloneOptions {
  /** Needs the table for itself. */
  readonly statement: string;
  readonly tries: number;
  /** The limit of each try, in milliseconds. */
  readonly timeoutMs: number;
  /** The last try has to succeed. */
  readonly insists?: boolean;
}

/**
 * Runs a statement that readers would have to wait behind, for a short time only; false when others kept the table
 * open. A try is one message: there is nothing to decide between its statements.
 */
export async function tryAlone(
  client: pg.ClientBase,
  { statement, tries, timeoutMs, insists = false }: AloneOptions,
): Promise<boolean> {
  for (let tried = 0; tried < tries; tried += 1) {
    // Jitter keeps a periodic reader from colliding with every try.
    if (tried > 0) await sleep(20 + Math.random() * 80);
    try {
      await client.query(`
        SAVEPOINT alone; SET LOCAL lock_timeout = ${timeoutMs}; ${statement};
        RELEASE SAVEPOINT alone; SET LOCAL lock_timeout = ${stepTimeoutMs}`);
      return true;
    } catch (error) {
      if (!hasSqlState(error, sqlState.lockNotAvailable)) throw error;
      if (insists && tried === tries - 1) throw error;
      // Also restores the previous lock_timeout.
      await client.query('ROLLBACK TO SAVEPOINT alone');
    }
  }
  return false;
}
