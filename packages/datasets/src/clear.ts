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
  /** The longest a reader may be made to wait behind a TRUNCATE that waits itself, in milliseconds. */
  readonly truncateTimeoutMs: number;
  /**
   * Smaller tables are deleted from: DELETE took 0.2 ms there, and keeps nobody waiting, where TRUNCATE
   * took 2.8 ms for a table's three new files. Dead rows count, so that no table grows by it.
   */
  readonly truncateFromBytes: number;
  /** How often TRUNCATE is tried before DELETE takes its place. */
  readonly truncateTries: number;
}

/**
 * Postgres ends a clearing transaction whose worker says nothing for so long, in milliseconds: after its
 * TRUNCATE, every reader waits for it.
 */
const idleTimeoutMs = 1_000;

/** How long the later steps of the transaction may wait for a lock, in milliseconds. */
const stepTimeoutMs = 5_000;

/**
 * Postgres cancels an autovacuum that this transaction has waited for so long, in milliseconds. By itself it
 * does after a second, for which no reader should wait behind the TRUNCATE; so a reset soon after a load
 * deleted row by row, 7 s instead of 0.4 at 10 million quads.
 */
const autovacuumGraceMs = 100;

export type ClearMethod = 'truncate' | 'delete';

// FOR SHARE, as the guard has it: from here to the end of the transaction nobody else can lock, unlock or
// rescue, and writers that the guard refuses need not wait. Asked before the TRUNCATE, for which a lost
// attempt would make readers wait until the guard refuses it.
//
// The advisory lock of the dataset comes before its row, as it does for the guard, for whoever locks and for
// whoever publishes. In the other order the guard of this transaction's DELETE met them in a deadlock, which ended
// the reset's attempt: a worker that woke up late and locked for a job it had lost, or an owner who published.
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
 * Few quads are deleted. TRUNCATE costs the same at a thousand and at ten million quads, but needs the table to itself, and
 * while it waits behind a reader every later reader waits behind it (3.7 s measured behind a 4 s
 * reader). So it gives up after a short time, lets the readers through, and tries again; a reader that
 * stays gets its way, and one DELETE does the work beside it. An autovacuum has to give way.
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
    // A publication that cannot name the rows that are gone can say that all are.
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
  /** Of each try, in milliseconds. */
  readonly timeoutMs: number;
  /** The last try has to succeed. */
  readonly insists?: boolean;
}

/**
 * Empties the table; false when others kept it open. One message for all of a try: between its statements
 * there is nothing to decide.
 */
async function tryTruncate(
  client: pg.ClientBase,
  { table, tries, timeoutMs, insists = false }: TruncateOptions,
): Promise<boolean> {
  for (let tried = 0; tried < tries; tried += 1) {
    // Jitter keeps a periodic reader from meeting every try.
    if (tried > 0) await sleep(20 + Math.random() * 80);
    try {
      await client.query(`
        SAVEPOINT truncating; SET LOCAL lock_timeout = ${timeoutMs}; TRUNCATE ${table};
        RELEASE SAVEPOINT truncating; SET LOCAL lock_timeout = ${stepTimeoutMs}`);
      return true;
    } catch (error) {
      if (!hasSqlState(error, sqlState.lockNotAvailable)) throw error;
      if (insists && tried === tries - 1) throw error;
      // Takes the shorter lock_timeout back, too.
      await client.query('ROLLBACK TO SAVEPOINT truncating');
    }
  }
  return false;
}

/**
 * Deletes all rows; false when a publication keeps Postgres from it: the table has no replica identity, or
 * one that lacks what the publication filters by. A DELETE waits for no reader; what it can wait for is
 * another session's DDL.
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
