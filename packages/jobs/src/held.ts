import type { Database } from '@kasabi/postgres';
import type pg from 'pg';
import { hasStatus } from './by-key.ts';
import type { Claim } from './claim.ts';
import { LeaseLost } from './errors.ts';
import { type NotedEvent, noteTransition } from './transition.ts';

/** The guard that every statement of an attempt carries; its values are `$1`, `$2` and `$3`. */
const held = `id = $1 AND ${hasStatus('job', 'running')} AND lease_holder = $2 AND attempt = $3`;

export interface HeldOptions {
  /** The parameters from `$4` on. */
  readonly values?: readonly unknown[];
  /** What operators are told of the event, as SQL; it may name `fence`, the record's. */
  readonly note?: string;
  /** What is asked for besides, as a SQL query for at most one row; it may name `held.dataset_id`. */
  readonly ask?: string;
}

/**
 * Updates the record of a running job if, and only if, this attempt still holds it, and notes the event.
 * `set` is SQL of this package with parameters from `$4` on, and always the same for an event: the
 * statement is prepared under that name. Returns what was asked for besides, with nulls if there is none.
 *
 * @throws LeaseLost when it does not.
 */
export async function updateHeld<Asked extends pg.QueryResultRow>(
  db: Database,
  claim: Claim,
  event: NotedEvent,
  set: string,
  options: HeldOptions = {},
): Promise<Asked> {
  const { values = [], note = 'NULL', ask = 'SELECT' } = options;
  const { rows } = await db.query<Asked>({
    name: event,
    text: `
      WITH held AS (
        UPDATE kasabi.job AS job SET ${set} WHERE ${held} RETURNING id, dataset_id, fence
      ), noted AS (${noteTransition(event, { from: 'held', id: 'id', attempt: '$3', actor: '$2', message: note })}
      )
      SELECT asked.* FROM held LEFT JOIN LATERAL (${ask}) AS asked ON true`,
    values: [claim.jobId, claim.holder, claim.attempt, ...values],
  });
  const [row] = rows;
  if (row === undefined) throw new LeaseLost(claim);
  return row;
}
