import type { Database } from '@kasabi/postgres';
import type { Claim } from './claim.ts';
import { LeaseLost } from './errors.ts';
import { type NotedEvent, noteTransition } from './transition.ts';

/** The guard that every statement of an attempt carries; its values are `$1`, `$2` and `$3`. */
const held = "id = $1 AND status = 'running' AND lease_holder = $2 AND attempt = $3";

export interface HeldOptions {
  /** The parameters from `$4` on. */
  readonly values?: readonly unknown[];
  /** What operators are told of the event, as SQL. */
  readonly note?: string;
}

/**
 * Updates the record of a running job if, and only if, this attempt still holds it, and notes the event.
 * `set` is SQL of this package with parameters from `$4` on, and always the same for an event: the
 * statement is prepared under that name.
 *
 * @throws LeaseLost when it does not.
 */
export async function updateHeld(
  db: Database,
  claim: Claim,
  event: NotedEvent,
  set: string,
  options: HeldOptions = {},
): Promise<void> {
  const { values = [], note = 'NULL' } = options;
  const { rowCount } = await db.query({
    name: event,
    text: `
      WITH held AS (
        UPDATE kasabi.job AS job SET ${set} WHERE ${held} RETURNING id
      ), noted AS (${noteTransition(event, { from: 'held', id: 'id', attempt: '$3', actor: '$2', message: note })}
      )
      SELECT FROM held`,
    values: [claim.jobId, claim.holder, claim.attempt, ...values],
  });
  if (rowCount !== 1) throw new LeaseLost(claim);
}
