import { isPaused } from '@kasabi/datasets';
import type { FailureReason, JobProgress, JobResult, JobType, RecordStatus } from '@kasabi/domain';

/** A job record, as everyone who reads it may see it. */
export interface JobRecord {
  readonly id: string;
  /** The dataset's short code. */
  readonly dataset: string;
  readonly type: JobType;
  readonly status: RecordStatus;
  readonly created: Date;
  readonly startTime: Date;
  /** When its next attempt may begin: the start time, or later after the backoff of a retry. */
  readonly due: Date;
  /** Milliseconds until then, by Postgres's clock at the moment of reading; 0 when it is past. */
  readonly dueInMs: number;
  readonly started: Date | null;
  readonly endTime: Date | null;
  /** 0 until it is claimed for the first time. */
  readonly attempt: number;
  readonly message: string | null;
  /** Why it failed; null unless it has. */
  readonly reason: FailureReason | null;
  /** What it has done so far; null unless it runs, and until it says. */
  readonly progress: JobProgress | null;
  /** What it has left behind; null unless it has completed, and for types that leave nothing. */
  readonly result: JobResult | null;
}

// Not stored in records, because it is true only while the pause lasts.
const pausedNotice = "'The job is due and waits: its operators have paused it.'";

/**
 * The columns of `kasabi.job` that a `JobRecord` is read from, for a subquery. A role that shows jobs may read no
 * others, so it cannot use `*`.
 */
export const recordSource =
  'id, dataset_id, type, status, created, start_time, due, started, end_time, attempt, message, reason, progress, result';

/** The select list of a `JobRecord`, from `kasabi.job j` and `kasabi.dataset d`. */
export const recordColumns = `j.id, d.code AS dataset, j.type, j.status, j.created,
  j.start_time AS "startTime", j.due,
  greatest(extract(epoch FROM j.due - now()) * 1000, 0)::float8 AS "dueInMs", j.started, j.end_time AS "endTime", j.attempt,
  CASE WHEN j.status = 'scheduled' AND j.due <= now() AND ${isPaused('j.dataset_id')}
       THEN concat_ws(' ', j.message, ${pausedNotice}) ELSE j.message END AS message, j.reason,
  CASE j.status WHEN 'running' THEN j.progress END AS progress, j.result`;
