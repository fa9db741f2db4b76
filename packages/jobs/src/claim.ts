import { createLockSecret, type Lock, lockAtOnce } from '@kasabi/datasets';
import type { JobParameters, JobType } from '@kasabi/domain';
import { type Database, hasSqlState, sqlState } from '@kasabi/postgres';
import { hasStatus } from './by-key.ts';
import { stopOf } from './stopped.ts';
import { lockedNotice, noteTransition } from './transition.ts';

/** A claimed job: what its worker needs, and what every later statement of this attempt contains. */
export interface Claim {
  readonly jobId: string;
  readonly type: JobType;
  /** As they were accepted. */
  readonly parameters: JobParameters;
  readonly datasetId: number;
  readonly datasetCode: string;
  readonly holder: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** How long after its start time it was claimed, in milliseconds, by Postgres's clock. */
  readonly driftMs: number;
  /** How long ago its first attempt began when this one was claimed, in milliseconds; 0 for the first. */
  readonly triedMs: number;
  /** The lock of its dataset, if it was taken in the same commit. */
  readonly lock?: Lock;
}

export interface ClaimRequest {
  readonly jobId: string;
  /** Who claims it. */
  readonly holder: string;
  readonly leaseMs: number;
  /** The types of jobs whose dataset is locked in the same commit if no writer is in flight; none unless given. */
  readonly locking?: readonly JobType[];
}

/**
 * What became of a delivery, and Postgres's clock in milliseconds since the epoch if it was read. `early`: `waitMs`
 * milliseconds remain. `busy`: another job of the dataset is running, or `ahead` earlier ones (at most 100 are counted)
 * come first; the first of them may be claimed in `waitMs` milliseconds, 0 for now. `paused`: operators have paused the
 * dataset, or all jobs. `unchecked`: no worker has recently made sure that this database was not restored; see
 * `createBeat`. `gone`: the job has ended, is already running, or does not exist.
 */
export type ClaimOutcome = { readonly now: number | undefined } & (
  | { readonly outcome: 'claimed'; readonly claim: Claim }
  | { readonly outcome: 'early'; readonly waitMs: number; readonly now: number }
  | { readonly outcome: 'busy'; readonly ahead: number; readonly waitMs: number }
  | { readonly outcome: 'paused' | 'unchecked' | 'gone' }
);

interface Row {
  readonly claimed: boolean;
  readonly status: string;
  readonly stop: 'paused' | 'unchecked' | null;
  readonly wait_ms: number;
  readonly now_ms: number;
  readonly tried_ms: number;
  readonly type: JobType;
  readonly parameters: JobParameters;
  readonly dataset_id: number;
  readonly code: string;
  readonly attempt: number;
  readonly drift_ms: number;
  readonly fence: number | null;
}

// The subqueries for the dataset's running job and its first due one use LIMIT 1, which Postgres plans separately: as
// NOT EXISTS they became joins, for which it read all due or running jobs.
//
// The test for an earlier job keeps a dataset's jobs in the order of their start times, however often one of them was
// snoozed. It ignores due times: a job that waits for another attempt keeps its place. Otherwise a restore could be
// undone by a reset that was requested before it. The unique index job_running decides a race between two workers, and
// undoes the whole statement of the loser.
//
// The record is locked before the dataset is, so that no dataset is locked for a job that another worker has taken or
// somebody has cancelled in the meantime.
const text = `
  WITH asked AS (
    SELECT j.id, j.dataset_id, j.type, j.status, j.attempt, j.start_time, j.due, j.started, j.parameters, d.code,
           ${stopOf('j.dataset_id')} AS stop
    FROM kasabi.job j JOIN kasabi.dataset d ON d.id = j.dataset_id
    WHERE j.id = $1
  ), taken AS MATERIALIZED (
    SELECT j.id, CASE WHEN j.type = ANY($4::text[]) THEN j.dataset_id END AS locks
    FROM kasabi.job j, asked
    WHERE j.id = $1 AND ${hasStatus('j', 'scheduled')} AND j.due <= now()
      AND asked.stop IS NULL
      AND (
        SELECT running.id FROM kasabi.job running
        WHERE running.dataset_id = asked.dataset_id AND running.status = 'running' LIMIT 1) IS NULL
      AND (
        SELECT earlier.id FROM kasabi.job earlier
        WHERE earlier.dataset_id = asked.dataset_id AND earlier.status = 'scheduled'
          AND (earlier.start_time, earlier.id) < (asked.start_time, asked.id)
        ORDER BY earlier.start_time, earlier.id LIMIT 1) IS NULL
    FOR NO KEY UPDATE OF j
  ), ${lockAtOnce('(SELECT locks FROM taken)', '$1::uuid', '$5')}, claimed AS (
    UPDATE kasabi.job j
    SET status = 'running', attempt = j.attempt + 1, started = coalesce(j.started, now()),
        lease_holder = $2, lease_expires = now() + $3 * interval '1 millisecond',
        fence = (SELECT fence FROM locked)
    FROM taken WHERE j.id = taken.id
    RETURNING j.attempt, j.fence
  ), noted AS (${noteTransition('claim', {
    ...{ from: 'claimed', id: '$1::uuid', attempt: 'attempt', actor: '$2' },
    message: `CASE WHEN fence IS NOT NULL THEN ${lockedNotice} END`,
  })}
  )
  SELECT claimed.attempt IS NOT NULL AS claimed, asked.status, asked.stop, asked.type, asked.parameters,
         asked.dataset_id, asked.code, claimed.fence, coalesce(claimed.attempt, asked.attempt) AS attempt,
         ceil(extract(epoch FROM asked.due - now()) * 1000)::float8 AS wait_ms,
         (extract(epoch FROM now()) * 1000)::float8 AS now_ms,
         (extract(epoch FROM now() - asked.start_time) * 1000)::float8 AS drift_ms,
         (extract(epoch FROM now() - coalesce(asked.started, now())) * 1000)::float8 AS tried_ms
  FROM asked LEFT JOIN claimed ON true`;

// Separate from the claim: preparing what only a busy dataset needs took a tenth of the claim's time.
const aheadText = `
  SELECT count(*)::int AS ahead,
         (array_agg(ceil(extract(epoch FROM before.due - now()) * 1000)
                    ORDER BY before.start_time, before.id))[1]::float8 AS first_in_ms
  FROM (
    SELECT earlier.due, earlier.start_time, earlier.id
    FROM kasabi.job earlier
    JOIN (SELECT dataset_id, start_time, id FROM kasabi.job WHERE id = $1) AS asked
      ON earlier.dataset_id = asked.dataset_id
      AND (earlier.start_time, earlier.id) < (asked.start_time, asked.id)
    WHERE earlier.status = 'scheduled'
    ORDER BY earlier.start_time, earlier.id LIMIT 100
  ) AS before`;

/**
 * Claims a due job for `holder`, with a lease of `leaseMs` milliseconds, and also locks its dataset if that needs no
 * wait, which saves a commit. All times are by Postgres's clock.
 */
export async function claim(db: Database, request: ClaimRequest): Promise<ClaimOutcome> {
  const secret = createLockSecret();
  let row: Row | undefined;
  try {
    const { rows } = await db.query<Row>({
      name: 'claim',
      text,
      values: [request.jobId, request.holder, request.leaseMs, request.locking ?? [], secret],
    });
    row = rows[0];
  } catch (error) {
    if (hasSqlState(error, sqlState.uniqueViolation)) {
      return { outcome: 'busy', ahead: 0, waitMs: 0, now: undefined };
    }
    throw error;
  }
  if (row === undefined) return { outcome: 'gone', now: undefined };
  const now = row.now_ms;
  if (row.claimed) {
    const taken: Claim = {
      jobId: request.jobId,
      type: row.type,
      parameters: row.parameters,
      datasetId: row.dataset_id,
      datasetCode: row.code,
      holder: request.holder,
      attempt: row.attempt,
      driftMs: row.drift_ms,
      triedMs: row.tried_ms,
      ...(row.fence !== null && { lock: { fence: row.fence, secret } }),
    };
    return { outcome: 'claimed', claim: taken, now };
  }
  if (row.status !== 'scheduled') return { outcome: 'gone', now };
  if (row.wait_ms > 0) return { outcome: 'early', waitMs: row.wait_ms, now };
  if (row.stop !== null) return { outcome: row.stop, now };
  return { outcome: 'busy', ...(await findAhead(db, request.jobId)), now };
}

/** What a job of a busy dataset waits for. */
async function findAhead(db: Database, jobId: string): Promise<{ ahead: number; waitMs: number }> {
  const { rows } = await db.query<{ ahead: number; first_in_ms: number | null }>({
    name: 'claim-ahead',
    text: aheadText,
    values: [jobId],
  });
  const [row] = rows;
  return { ahead: row?.ahead ?? 0, waitMs: Math.max(0, row?.first_in_ms ?? 0) };
}
