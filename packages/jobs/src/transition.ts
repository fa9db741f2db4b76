import type { JobEvent } from './state.ts';

/** The events that leave a row. The others can be seen in the record itself. */
export type NotedEvent = Exclude<JobEvent, 'heartbeat' | 'progress'>;

export interface NotedAs {
  /** The CTE that changed the record: it has one row, or none if the event was refused. */
  readonly from: string;
  readonly id: string;
  readonly attempt: string;
  /** Who did it: a worker's holder, 'rescuer', 'owner key N' or 'operator'. */
  readonly actor: string;
  /** For operators; NULL unless given. */
  readonly message?: string;
}

/** The note about a lock for operators, as SQL that names `fence`. */
export const lockedNotice = "format('The dataset is locked, with fence %s.', fence)";

/**
 * The statement that notes a transition, for a CTE in the statement that makes it: there is never one without the
 * other, and it costs no round trip. Everything in `as` is SQL.
 */
export const noteTransition = (event: NotedEvent, as: NotedAs): string => `
  INSERT INTO kasabi.job_transition (job_id, event, attempt, actor, message)
  SELECT ${as.id}, '${event}', ${as.attempt}, ${as.actor}, ${as.message ?? 'NULL'} FROM ${as.from}`;
