import { hasStatus } from './by-key.ts';
import { noteTransition } from './transition.ts';

export interface CancelledBy {
  /** Who cancels it, for the message that owners read. */
  readonly by: string;
  /** Who cancels it, for the note of the transition. */
  readonly actor: string;
}

/**
 * The CTEs `cancelled` and `noted`, for whoever may cancel. They follow a CTE `asked` of one row with the
 * job's `id` and an `outcome`, which is 'not-scheduled' if the job is there and may be cancelled.
 * `cancelled` has a row if it was. Everything in `as` is SQL, and may name columns of `asked`.
 */
export const cancelAsked = (as: CancelledBy): string => `
  cancelled AS (
    UPDATE kasabi.job j
    SET status = 'cancelled', end_time = clock_timestamp(),
        message = format('Cancelled by %s before %s.', ${as.by},
                         CASE WHEN j.started IS NULL THEN 'it started' ELSE 'its next attempt' END)
    FROM asked
    WHERE asked.outcome = 'not-scheduled' AND j.id = (SELECT id FROM asked)
      AND ${hasStatus('j', 'scheduled')}
    RETURNING j.id, j.attempt, j.message, ${as.actor} AS actor
  ), noted AS (${noteTransition('cancel', {
    from: 'cancelled',
    id: 'id',
    attempt: 'attempt',
    actor: 'actor',
    message: 'message',
  })}
  )`;
