import type { RecordStatus } from '@kasabi/domain';
import { inMs } from './in-ms.ts';

/** A job that has waited for its dataset's writers for a while, attempt after attempt. */
export interface BusyJob {
  readonly id: string;
  readonly dataset: string;
  readonly type: string;
  readonly status: RecordStatus;
  readonly attempt: number;
  readonly busySince: Date;
  readonly busyMs: number;
  /** Until its next attempt; 0 when that is due or running. */
  readonly dueInMs: number;
  /** What its last attempt noted for operators: who blocked it. */
  readonly cause: string | null;
  /** How long ago that was noted. */
  readonly causeMs: number | null;
}

/** For how many minutes a job may find its dataset busy before that is reported. */
const namedAfterMinutes = 2;

/** A SQL query for these jobs, the longest waiting first. It reads an index of busy jobs only. */
export const busyJobs = `
  SELECT b.id, d.code AS dataset, b.type, b.status, b.attempt, b.busy_since AS "busySince",
         ${inMs('now() - b.busy_since')} AS "busyMs",
         CASE b.status WHEN 'scheduled' THEN greatest(${inMs('b.due - now()')}, 0) ELSE 0 END AS "dueInMs",
         noted.message AS cause, ${inMs('now() - noted.at')} AS "causeMs"
  FROM (
    SELECT id, dataset_id, type, status, attempt, due, busy_since FROM kasabi.job
    WHERE busy_since < now() - interval '${namedAfterMinutes} minutes'
      AND status IN ('scheduled', 'running')
    ORDER BY job.busy_since LIMIT 20
  ) AS b
  JOIN kasabi.dataset d ON d.id = b.dataset_id
  LEFT JOIN LATERAL (
    SELECT t.message, t.at FROM kasabi.job_transition t
    WHERE t.job_id = b.id AND t.event = 'retry' ORDER BY t.at DESC LIMIT 1
  ) AS noted ON true`;

/** A SQL query for the datasets that their job finds busy: due jobs behind it do not wait for a worker. */
export const busyDatasets = `
  SELECT dataset_id FROM kasabi.job
  WHERE busy_since IS NOT NULL AND status IN ('scheduled', 'running')`;
