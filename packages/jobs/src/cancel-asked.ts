import { cancellableJobTypes } from '@kasabi/domain';
import { typesArray } from './by-type.ts';

export interface CancelledBy {
  /** Who cancels it, for the message that owners read. */
  readonly by: string;
  /** Who cancels it, for the note of the transition. */
  readonly actor: string;
}

/**
 * The CTE `cancelled`, for everyone who may cancel; it has a row if the job was cancelled, and notes the transition. It
 * follows a CTE `asked` of one row with the job's `id` and an `outcome`, which is 'not-scheduled' if the job exists and
 * the caller may cancel it. Everything in `as` is SQL and may name columns of `asked`.
 */
export const cancelAsked = (as: CancelledBy): string => `
  cancelled AS MATERIALIZED (
    SELECT id FROM asked
    WHERE CASE outcome WHEN 'not-scheduled' THEN 
      kasabi.cancel_job(id, ${as.by}, ${as.actor}, ${typesArray(cancellableJobTypes)}) END
  )`;
