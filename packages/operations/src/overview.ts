import { isPaused } from '@kasabi/datasets';
import type { RecordStatus } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { type Acknowledgement, acknowledgements } from './acknowledgement.ts';
import { type BusyJob, busyDatasets, busyJobs } from './busy-jobs.ts';
import { type Pause, selectPauses } from './pauses.ts';

/** Counts go no further than this: a longer queue is not counted out at every look. */
export const countLimit = 10_000;

/** A worker's row. Ages are in milliseconds, by Postgres's clock. */
export interface WorkerState {
  readonly holder: string;
  readonly host: string;
  readonly version: string;
  readonly started: Date;
  /** Its last report. */
  readonly seen: Date;
  readonly silentMs: number;
  readonly concurrency: number;
  readonly running: number;
  /** How far its host's clock is ahead of Postgres's; null until it was compared. */
  readonly clockOffsetMs: number | null;
  /** Whether Redis would take a write. */
  readonly redisAnswers: boolean;
  /** Why not, if it answers all the same: as a sentence goes on after "Redis". */
  readonly redisTrouble: string | null;
  /** Since the last good round of its relay ended, as of its last report; null before the first. */
  readonly sinceRelayMs: number | null;
  readonly relayIntervalMs: number;
  readonly sinceRescueMs: number | null;
  /** When its relay last found that Redis had lost what it held, and of how many jobs. */
  readonly redisLost: Date | null;
  readonly redisForgotten: number | null;
  /** Running jobs whose lease it has, by their records: of a silent worker, those still to be rescued. */
  readonly heldJobs: number;
}

/** A dataset that is read-only. */
export interface LockedDataset {
  readonly code: string;
  /** The job that holds the lock. */
  readonly lockedBy: string;
  readonly lockedAt: Date;
  readonly lockedMs: number;
  /** Null when there is no such job. */
  readonly jobStatus: RecordStatus | null;
  /** For how long its job's lease has been over; null while it holds, or when there is none. */
  readonly leaseExpiredMs: number | null;
}

/**
 * A job that fails: at its third attempt or later, or failed within a day, without a later job of its dataset
 * that completed (a repetition is one). Those that find their dataset
 * busy are told of by themselves.
 */
export interface TroubledJob {
  readonly id: string;
  readonly dataset: string;
  readonly type: string;
  readonly status: RecordStatus;
  readonly attempt: number;
  readonly message: string | null;
  readonly endTime: Date | null;
}

/** How things are at one moment, by Postgres's clock. */
export interface Overview {
  readonly now: Date;
  /** Whether this Postgres takes no writes: it was made read-only, or is a standby in recovery. */
  readonly readOnly: boolean;
  readonly inRecovery: boolean;
  /** Jobs that wait, at most `countLimit`. */
  readonly scheduled: number;
  /** Those of them that are due. */
  readonly due: number;
  readonly running: number;
  /**
   * For how long the oldest due job has waited to be taken up; 0 when none is due. What waits behind a job that
   * finds its dataset busy is none of them, nor is what is paused.
   */
  readonly oldestDueMs: number;
  /** At most 100, the longest locked first. */
  readonly lockedDatasets: readonly LockedDataset[];
  /** The workers that reported within a day, the latest report first; at most 200. */
  readonly workers: readonly WorkerState[];
  /** That of all datasets first, then the oldest. */
  readonly pauses: readonly Pause[];
  readonly relay: {
    /** Records that Redis should hold and was never handed, at most `countLimit`. */
    readonly backlog: number;
    /** For how long it should have held the oldest of them; 0 when there is none. */
    readonly lagMs: number;
    /** Since the last good round of any relay; null when none is known. */
    readonly lastRoundAgeMs: number | null;
  };
  /** Those that hold; at most 1000. */
  readonly acknowledgements: readonly Acknowledgement[];
  /** At most 20 of each kind. */
  readonly troubledJobs: readonly TroubledJob[];
  /** At most 20, the longest waiting first. */
  readonly busyJobs: readonly BusyJob[];
}

const ms = (interval: string): string => `(extract(epoch FROM ${interval}) * 1000)::float8`;

const list = (select: string): string =>
  `(SELECT coalesce(json_agg(x), '[]') FROM (${select}) AS x)`;

// The job is looked up for each of them: a plain join may be done by a scan of all jobs.
const lockedDatasets = `
  SELECT d.code, d.locked_by AS "lockedBy", d.locked_at AS "lockedAt",
         ${ms('now() - d.locked_at')} AS "lockedMs", j.status AS "jobStatus",
         CASE WHEN j.lease_expires < now() THEN ${ms('now() - j.lease_expires')} END
           AS "leaseExpiredMs"
  FROM kasabi.dataset d LEFT JOIN LATERAL (
    SELECT status, lease_expires FROM kasabi.job WHERE id = d.locked_by LIMIT 1) AS j ON true
  WHERE d.locked_by IS NOT NULL ORDER BY d.locked_at LIMIT 100`;

const workers = `
  SELECT holder, host, version, started, seen, ${ms('now() - seen')} AS "silentMs", concurrency,
         running, clock_offset_ms AS "clockOffsetMs", redis_answers AS "redisAnswers",
         redis_trouble AS "redisTrouble",
         ${ms('seen - relayed')} AS "sinceRelayMs", relay_interval_ms AS "relayIntervalMs",
         ${ms('seen - rescued')} AS "sinceRescueMs", redis_lost AS "redisLost",
         redis_forgotten AS "redisForgotten", coalesce(held.jobs, 0) AS "heldJobs"
  FROM kasabi.worker LEFT JOIN (
    SELECT lease_holder, count(*)::int AS jobs FROM kasabi.job WHERE status = 'running' GROUP BY 1
  ) AS held ON held.lease_holder = worker.holder
  ORDER BY worker.seen DESC LIMIT 200`;

// What Redis should hold whatever the horizon, which is a minute at least; the api has a second for it.
const backlog = `
  FROM kasabi.job
  WHERE status = 'scheduled' AND enqueued_at IS NULL AND due < now() + interval '1 minute'
    AND created < now() - interval '1 second'
  ORDER BY due`;

const troubledColumns = 'id, dataset_id, type, status, attempt, message, end_time, busy_since';

const troubled = (from: string): string => `
  SELECT j.id, d.code AS dataset, j.type, j.status, j.attempt, j.message, j.end_time AS "endTime"
  FROM (${from}) AS j JOIN kasabi.dataset d ON d.id = j.dataset_id`;

// The newest of those that have failed, without what was made good since: a later job of the dataset has
// completed. Of those, the last twenty are looked at: with more, the dataset is at work.
const failed = troubled(`
  SELECT * FROM (
    SELECT ${troubledColumns} FROM kasabi.job f
    WHERE f.status = 'failed' AND f.end_time > now() - interval '1 day'
    ORDER BY f.end_time DESC LIMIT 200
  ) AS recent
  WHERE NOT EXISTS (
    SELECT FROM (
      SELECT c.end_time, c.type FROM kasabi.job c
      WHERE c.dataset_id = recent.dataset_id AND c.status = 'completed'
      ORDER BY c.id DESC LIMIT 20
    ) AS later
    WHERE later.end_time > recent.end_time AND later.type = recent.type)
  ORDER BY recent.end_time DESC LIMIT 20`);

const trying = troubled(`
  (SELECT ${troubledColumns} FROM kasabi.job r WHERE r.status = 'running' AND r.attempt >= 3
     AND r.busy_since IS NULL LIMIT 20)
  UNION ALL
  (SELECT * FROM (
     SELECT ${troubledColumns} FROM kasabi.job WHERE status = 'scheduled' AND due < now() + interval '10 minutes'
     ORDER BY due LIMIT 1000) AS s
   WHERE s.attempt >= 3 AND s.busy_since IS NULL LIMIT 20)`);

// Sorted, so that the counts read the index and stop: else a part of the table may seem cheaper.
const text = `
  SELECT now() AS now, pg_is_in_recovery() AS in_recovery,
    current_setting('transaction_read_only') = 'on' AS read_only,
    (SELECT count(*)::int FROM (
       SELECT FROM kasabi.job WHERE status = 'scheduled' ORDER BY due LIMIT ${countLimit}) AS s) AS scheduled,
    (SELECT count(*)::int FROM (
       SELECT FROM kasabi.job WHERE status = 'scheduled' AND due <= now()
       ORDER BY due LIMIT ${countLimit}) AS s) AS due,
    (SELECT count(*)::int FROM kasabi.job WHERE status = 'running') AS running,
    coalesce((SELECT ${ms('now() - due')} FROM (
       SELECT due, dataset_id FROM kasabi.job
       WHERE status = 'scheduled' AND due <= now() AND dataset_id NOT IN (${busyDatasets})
       ORDER BY due LIMIT ${countLimit}) AS first
      WHERE NOT ${isPaused('first.dataset_id')} ORDER BY due LIMIT 1), 0) AS oldest_due_ms,
    ${list(selectPauses)} AS pauses,
    ${list(lockedDatasets)} AS locked_datasets,
    ${list(workers)} AS workers,
    ${list(acknowledgements)} AS acknowledgements,
    (SELECT count(*)::int FROM (SELECT ${backlog} LIMIT ${countLimit}) AS b) AS backlog,
    coalesce((SELECT ${ms("max(now() - greatest(created, due - interval '1 minute'))")} FROM (
      SELECT created, due ${backlog} LIMIT 1000) AS b), 0) AS lag_ms,
    (SELECT ${ms('now() - max(relayed)')} FROM kasabi.worker) AS last_round_age_ms,
    ${list(failed)} AS failed,
    ${list(trying)} AS trying, ${list(busyJobs)} AS busy`;

interface Row {
  readonly now: Date;
  readonly in_recovery: boolean;
  readonly read_only: boolean;
  readonly scheduled: number;
  readonly due: number;
  readonly running: number;
  readonly oldest_due_ms: number;
  readonly locked_datasets: readonly (LockedDataset & { readonly lockedAt: string })[];
  readonly workers: readonly WorkerState[];
  readonly pauses: readonly Pause[];
  readonly acknowledgements: readonly Acknowledgement[];
  readonly backlog: number;
  readonly lag_ms: number;
  readonly last_round_age_ms: number | null;
  readonly failed: readonly TroubledJob[];
  readonly trying: readonly TroubledJob[];
  readonly busy: readonly BusyJob[];
}

/**
 * How things are, in one statement that reads indexes and small tables only, whatever the number of jobs.
 */
export async function readOverview(db: Database): Promise<Overview> {
  const { rows } = await db.query<Row>({ name: 'overview', text });
  const row = rows[0] as Row;
  return {
    now: row.now,
    readOnly: row.read_only,
    inRecovery: row.in_recovery,
    scheduled: row.scheduled,
    due: row.due,
    running: row.running,
    oldestDueMs: row.oldest_due_ms,
    lockedDatasets: row.locked_datasets.map((it) => withDates(it, 'lockedAt')),
    workers: row.workers.map((it) => withDates(it, 'started', 'seen', 'redisLost')),
    pauses: row.pauses.map((it) => withDates(it, 'since')),
    relay: {
      backlog: row.backlog,
      lagMs: row.lag_ms,
      lastRoundAgeMs: row.last_round_age_ms,
    },
    acknowledgements: row.acknowledgements.map((it) => withDates(it, 'at', 'until')),
    troubledJobs: [...row.trying, ...row.failed].map((it) => withDates(it, 'endTime')),
    busyJobs: row.busy.map((it) => withDates(it, 'busySince')),
  };
}

/** JSON has no dates: makes them of these members again. */
function withDates<T extends object>(value: T, ...members: readonly (keyof T)[]): T {
  const dates = members.map((member) => {
    const time = value[member] as string | null;
    return [member, time === null ? null : new Date(time)] as const;
  });
  return { ...value, ...Object.fromEntries(dates) };
}
