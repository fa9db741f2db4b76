import { isPaused } from '@kasabi/datasets';
import type { Database } from '@kasabi/postgres';
import { acknowledgements } from './acknowledgement.ts';
import { busyDatasets, busyJobs } from './busy-jobs.ts';
import { inMs } from './in-ms.ts';
import { countLimit, type Overview, type TroubledJob } from './overview.ts';
import { selectPauses } from './pauses.ts';
import { standbys } from './standbys.ts';

const list = (select: string): string =>
  `(SELECT coalesce(json_agg(x), '[]') FROM (${select}) AS x)`;

// LATERAL looks up each job by its id; for a plain join Postgres may scan all jobs.
const lockedDatasets = `
  SELECT d.code, d.locked_by AS "lockedBy", d.locked_at AS "lockedAt",
         ${inMs('now() - d.locked_at')} AS "lockedMs", j.status AS "jobStatus",
         CASE WHEN j.lease_expires < now() THEN ${inMs('now() - j.lease_expires')} END
           AS "leaseExpiredMs"
  FROM kasabi.dataset d LEFT JOIN LATERAL (
    SELECT status, lease_expires FROM kasabi.job WHERE id = d.locked_by LIMIT 1) AS j ON true
  WHERE d.locked_by IS NOT NULL ORDER BY d.locked_at LIMIT 100`;

const workers = `
  SELECT holder, host, version, started, seen, ${inMs('now() - seen')} AS "silentMs", concurrency,
         running, clock_offset_ms AS "clockOffsetMs", redis_answers AS "redisAnswers",
         redis_trouble AS "redisTrouble", store_trouble AS "storeTrouble",
         ${inMs('seen - relayed')} AS "sinceRelayMs", relay_interval_ms AS "relayIntervalMs",
         ${inMs('seen - rescued')} AS "sinceRescueMs", redis_lost AS "redisLost",
         redis_forgotten AS "redisForgotten", coalesce(held.jobs, 0) AS "heldJobs"
  FROM kasabi.worker LEFT JOIN (
    SELECT lease_holder, count(*)::int AS jobs FROM kasabi.job WHERE status = 'running' GROUP BY 1
  ) AS held ON held.lease_holder = worker.holder
  ORDER BY worker.seen DESC LIMIT 200`;

// What Redis should hold whatever the horizon, which is at least a minute; the api has a second to hand it over.
const backlog = `
  FROM kasabi.job
  WHERE status = 'scheduled' AND enqueued_at IS NULL AND due < now() + interval '1 minute'
    AND created < now() - interval '1 second'
  ORDER BY due`;

const troubledColumns = 'id, dataset_id, type, status, attempt, message, end_time, busy_since';

const troubled = (from: string): string => `
  SELECT j.id, d.code AS dataset, j.type, j.status, j.attempt, j.message, j.end_time AS "endTime"
  FROM (${from}) AS j JOIN kasabi.dataset d ON d.id = j.dataset_id`;

// The newest failed jobs, except where a later job of the same dataset and type has completed. Only the dataset's last
// twenty completed jobs are looked at: with more since, one of these is later anyway.
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

// ORDER BY makes the counts read an index and stop; otherwise scanning a part of the table may seem cheaper.
const text = `
  SELECT now() AS now, pg_is_in_recovery() AS "inRecovery",
    current_setting('transaction_read_only') = 'on' AS "readOnly",
    (SELECT count(*)::int FROM (
       SELECT FROM kasabi.job WHERE status = 'scheduled' ORDER BY due LIMIT ${countLimit}) AS s) AS scheduled,
    (SELECT count(*)::int FROM (
       SELECT FROM kasabi.job WHERE status = 'scheduled' AND due <= now()
       ORDER BY due LIMIT ${countLimit}) AS s) AS due,
    (SELECT count(*)::int FROM kasabi.job WHERE status = 'running') AS running,
    coalesce((SELECT ${inMs('now() - due')} FROM (
       SELECT due, dataset_id FROM kasabi.job
       WHERE status = 'scheduled' AND due <= now() AND dataset_id NOT IN (${busyDatasets})
       ORDER BY due LIMIT ${countLimit}) AS first
      WHERE NOT ${isPaused('first.dataset_id')} ORDER BY due LIMIT 1), 0) AS "oldestDueMs",
    ${list(selectPauses)} AS pauses,
    ${list(lockedDatasets)} AS "lockedDatasets",
    ${list(workers)} AS workers,
    ${list(acknowledgements)} AS acknowledgements,
    json_build_object(
      'backlog', (SELECT count(*) FROM (SELECT ${backlog} LIMIT ${countLimit}) AS b),
      'lagMs', coalesce((SELECT ${inMs("max(now() - greatest(created, due - interval '1 minute'))")} FROM (
        SELECT created, due ${backlog} LIMIT 1000) AS b), 0),
      'lastRoundAgeMs', (SELECT ${inMs('now() - max(relayed)')} FROM kasabi.worker)) AS relay,
    ${list(failed)} AS failed, ${list(trying)} AS trying, ${list(busyJobs)} AS "busyJobs",
    ${list(standbys)} AS standbys`;

/** Lists come as JSON, with times as text. */
type Row = Omit<Overview, 'troubledJobs'> & {
  readonly failed: readonly TroubledJob[];
  readonly trying: readonly TroubledJob[];
};

/**
 * Reads the state of the system in one statement, which reads only indexes and small tables, whatever the number of
 * jobs.
 */
export async function readOverview(db: Database): Promise<Overview> {
  const { rows } = await db.query<Row>({ name: 'overview', text });
  const { failed, trying, ...row } = rows[0] as Row;
  return {
    ...row,
    lockedDatasets: row.lockedDatasets.map((it) => withDates(it, 'lockedAt')),
    workers: row.workers.map((it) => withDates(it, 'started', 'seen', 'redisLost')),
    pauses: row.pauses.map((it) => withDates(it, 'since')),
    acknowledgements: row.acknowledgements.map((it) => withDates(it, 'at', 'until')),
    troubledJobs: [...trying, ...failed].map((it) => withDates(it, 'endTime')),
    busyJobs: row.busyJobs.map((it) => withDates(it, 'busySince')),
  };
}

/** JSON has no dates: turns the text of these members into dates again. */
function withDates<T extends object>(value: T, ...members: readonly (keyof T)[]): T {
  const dates = members.map((member) => {
    const time = value[member] as string | null;
    return [member, time === null ? null : new Date(time)] as const;
  });
  return { ...value, ...Object.fromEntries(dates) };
}
