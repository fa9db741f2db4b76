import { setTimeout as sleep } from 'node:timers/promises';
import { hasSqlState, isGuardRefusal, sqlState } from '@kasabi/postgres';
import type pg from 'pg';
import { FencedOut } from './errors.ts';
import { LOCK_CLASS, quadsTable, WORK_CLASS } from './tables.ts';

export interface ClearRequest {
  readonly datasetId: number;
  /** The job that holds the lock. */
  readonly jobId: string;
  /** What `lockDataset` returned. */
  readonly fence: number;
  readonly secret: string;
  /** The longest that readers may have to wait behind a waiting TRUNCATE, in milliseconds. */
  readonly truncateTimeoutMs: number;
  /**
   * Smaller tables are cleared by DELETE, which took 0.2 ms there and makes no reader wait; TRUNCATE took
   * 2.8 ms for a table's three new files. Dead rows count, so that no table keeps growing.
   */
  readonly truncateFromBytes: number;
  /** How often TRUNCATE is tried before DELETE is used instead. */
  readonly truncateTries: number;
}

/**
 * Postgres ends a clearing transaction whose worker is silent for this long, in milliseconds: after its
 * TRUNCATE, every reader waits for it.
 */
const idleTimeoutMs = 1_000;

/** How long the later steps of the transaction may wait for a lock, in milliseconds. */
const stepTimeoutMs = 5_000;

/**
 * Postgres cancels an autovacuum that this transaction has waited for this long, in milliseconds. Its default
 * is a second, too long for a reader to wait behind the TRUNCATE; without this, a reset soon after a load
 * deleted row by row and took 7 s instead of 0.4 s at 10 million quads.
 */
const autovacuumGraceMs = 100;

export type ClearMethod = 'truncate' | 'delete';

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
 * Deletes all quads of a locked dataset, inside the caller's transaction.
 *
 * Few quads are deleted row by row. TRUNCATE costs the same at a thousand and at ten million quads, but needs
 * exclusive access to the table, and while it waits behind a reader every later reader waits behind it (3.7 s
 * measured behind a 4 s reader). So it gives up after a short time, lets the readers through, and tries again.
 * If a reader stays, one DELETE does the work beside it. An autovacuum is cancelled.
 *
 * @throws FencedOut when the dataset is no longer locked with this fence; Postgres's own 55P03 when a
 * publication refuses the DELETE and readers keep the TRUNCATE out.
 */
export async function clearDataset(
  client: pg.ClientBase,
  request: ClearRequest,
): Promise<ClearMethod> {
  const { datasetId, fence } = request;
  const table = quadsTable(datasetId);
  const { rows } = await client.query<{ bytes: number }>({
    name: 'enter-clearing',
    text: enter,
    values: [
      ...[datasetId, request.jobId, fence, stepTimeoutMs, idleTimeoutMs, table],
      ...[autovacuumGraceMs, request.secret],
    ].map(String),
  });
  const [entered] = rows;
  if (entered === undefined) throw new FencedOut(datasetId, fence);
  const truncateTries = entered.bytes < request.truncateFromBytes ? 0 : request.truncateTries;
  try {
    const timeoutMs = request.truncateTimeoutMs;
    if (await tryTruncate(client, { table, timeoutMs, tries: truncateTries })) return 'truncate';
    if (await tryDelete(client, table)) return 'delete';
    // A publication that cannot replicate single deletes can replicate a TRUNCATE.
    const tries = Math.max(1, request.truncateTries);
    await tryTruncate(client, { table, timeoutMs, tries, insists: true });
    return 'truncate';
  } catch (error) {
    if (isGuardRefusal(error)) {
      throw new FencedOut(datasetId, fence);
    }
    throw error;
  }
}

interface TruncateOptions {
  readonly table: string;
  readonly tries: number;
  /** The limit of each try, in milliseconds. */
  readonly timeoutMs: number;
  /** The last try has to succeed. */
  readonly insists?: boolean;
}

/**
 * Empties the table; false when others kept it open. A try is one message: there is nothing to decide
 * between its statements.
 */
async function tryTruncate(
  client: pg.ClientBase,
  { table, tries, timeoutMs, insists = false }: TruncateOptions,
): Promise<boolean> {
  for (let tried = 0; tried < tries; tried += 1) {
    // Jitter keeps a periodic reader from colliding with every try.
    if (tried > 0) await sleep(20 + Math.random() * 80);
    try {
      await client.query(`
        SAVEPOINT truncating; SET LOCAL lock_timeout = ${timeoutMs}; TRUNCATE ${table};
        RELEASE SAVEPOINT truncating; SET LOCAL lock_timeout = ${stepTimeoutMs}`);
      return true;
    } catch (error) {
      if (!hasSqlState(error, sqlState.lockNotAvailable)) throw error;
      if (insists && tried === tries - 1) throw error;
      // Also restores the previous lock_timeout.
      await client.query('ROLLBACK TO SAVEPOINT truncating');
    }
  }
  return false;
}

/**
 * Deletes all rows; false when a publication makes Postgres refuse: the table has no replica identity, or
 * one without the columns that the publication filters by. A DELETE does not wait for readers; it can only
 * wait for another session's DDL.
 */
async function tryDelete(client: pg.ClientBase, table: string): Promise<boolean> {
  try {
    await client.query(`SAVEPOINT deleting; DELETE FROM ${table}; RELEASE SAVEPOINT deleting`);
    return true;
  } catch (error) {
    const { notInPrerequisiteState, invalidColumnReference } = sqlState;
    if (![notInPrerequisiteState, invalidColumnReference].some((it) => hasSqlState(error, it))) {
      throw error;
    }
    await client.query('ROLLBACK TO SAVEPOINT deleting');
    return false;
  }
}
