import type { Database } from '@kasabi/postgres';
import type pg from 'pg';
import { hasStatus } from './by-key.ts';
import type { Claim } from './claim.ts';
import { LeaseLost } from './errors.ts';
import { type NotedEvent, noteTransition } from './transition.ts';

/** The guard in every statement of an attempt; its values are `$1`, `$2` and `$3`. */
export const isLeased = `id = $1 AND ${hasStatus('job', 'running')} AND lease_holder = $2 AND attempt = $3`;

export interface LeasedOptions {
  /** The parameters from `$4` on. */
  readonly values?: readonly unknown[];
  /** The note for operators, as SQL; it may name `fence`, the record's. */
  readonly note?: string;
  /** A SQL query for at most one row to read as well; it may name `updated.dataset_id`. */
  readonly read?: string;
}

/**
 * Updates the record of a running job if, and only if, this attempt still has its lease, and notes the event. `set` is
 * SQL of this package with parameters from `$4` on. It is always the same for an event, because the statement is
 * prepared under the event's name. Returns the row of `read`, or nulls if there is none.
 *
 * @throws LeaseLost if the attempt no longer has its lease.
 */
export async function updateLeased<Row extends pg.QueryResultRow>(
  db: Database,
  claim: Claim,
  event: NotedEvent,
  set: string,
  options: LeasedOptions = {},
): Promise<Row> {
  const { values = [], note = 'NULL', read = 'SELECT' } = options;
  const { rows } = await db.query<Row>({
    name: event,
    text: `
      WITH updated AS (
        UPDATE kasabi.job AS job SET ${set} WHERE ${isLeased} RETURNING id, dataset_id, fence
      ), noted AS (${noteTransition(event, { from: 'updated', id: 'id', attempt: '$3', actor: '$2', message: note })}
      )
      SELECT besides.* FROM updated LEFT JOIN LATERAL (${read}) AS besides ON true`,
    values: [claim.jobId, claim.holder, claim.attempt, ...values],
  });
  const [row] = rows;
  if (row === undefined) throw new LeaseLost(claim);
  return row;
}
