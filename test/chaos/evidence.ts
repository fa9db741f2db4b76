import { quadsTable } from '@kasabi/datasets';
import type { FailureReason, RecordStatus } from '@kasabi/domain';
import type pg from 'pg';

/** A job record, as far as the checks read it. Times are milliseconds since the epoch. */
export interface JobRow {
  readonly id: string;
  readonly status: RecordStatus;
  readonly attempt: number;
  readonly lost: number;
  readonly reason: FailureReason | null;
  readonly created: number;
  readonly start_time: number;
  readonly due: number;
  readonly started: number | null;
  readonly end_time: number | null;
  readonly lease_holder: string | null;
  readonly lease_expires: number | null;
  readonly fence: number | null;
  readonly message: string | null;
  readonly enqueued_at: number | null;
}

/** A change of a job record; `before` is null for its making, `after` for its deletion. */
export interface JobChange {
  readonly seq: number;
  /** When the statement changed the row, and when its transaction began. */
  readonly at: number;
  readonly began: number;
  readonly jobId: string;
  readonly before: JobRow | null;
  readonly after: JobRow | null;
}

/** A change of a dataset's lock. */
export interface LockChange {
  readonly seq: number;
  readonly at: number;
  readonly before: LockRow;
  readonly after: LockRow;
}

export interface LockRow {
  readonly storage_mode: 'read-write' | 'read-only';
  readonly fence: number;
  readonly locked_by: string | null;
}

/** All that Postgres knows about a dataset after a trial. */
export interface Evidence {
  readonly jobs: readonly JobRow[];
  readonly changes: readonly JobChange[];
  readonly locks: readonly LockChange[];
  readonly lock: LockRow;
  /** The quads that are there, by value, with the time of their commit. */
  readonly quads: ReadonlyMap<string, number>;
  /** Statements on its data that the guard let through although it should not have. */
  readonly unentitled: number;
  /** Statements of workers on its data that carried an old fence, whatever the guard made of them. */
  readonly unverified: number;
  /** Statements that would have changed a record of its jobs that had ended. */
  readonly revived: number;
}

interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly began: number;
  readonly job_id: string | null;
  readonly before: never;
  readonly after: never;
}

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

/** Reads it in one snapshot. */
export async function readEvidence(pool: pg.Pool, datasetId: number): Promise<Evidence> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const jobs = await client.query<{ row: JobRow }>(
      'SELECT to_jsonb(j) AS row FROM kasabi.job j WHERE dataset_id = $1 ORDER BY id',
      [datasetId],
    );
    const audit = await client.query<AuditRow>(
      `SELECT seq, ${ms('at')} AS at, ${ms('began')} AS began, job_id, before, after
       FROM chaos.audit WHERE dataset_id = $1 ORDER BY seq`,
      [datasetId],
    );
    const lock = await client.query<LockRow>(
      'SELECT storage_mode, fence, locked_by FROM kasabi.dataset WHERE id = $1',
      [datasetId],
    );
    const quads = await client.query<{ object: string; at: number }>(
      `SELECT object, ${ms('pg_xact_commit_timestamp(xmin)')} AS at FROM ${quadsTable(datasetId)}`,
    );
    // A sequence that was never used says 1, too, but is not called.
    const count = (sequence: string): string =>
      `(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM chaos.${sequence}_${datasetId})`;
    const counts = await client.query<Record<'unentitled' | 'unverified' | 'revived', number>>(
      `SELECT ${count('unentitled')} AS unentitled, ${count('unverified')} AS unverified,
              ${count('revived')} AS revived`,
    );
    await client.query('COMMIT');
    broken = false;
    return {
      jobs: jobs.rows.map(({ row }) => inMilliseconds(row)),
      changes: audit.rows
        .filter((row) => row.job_id !== null)
        .map(({ seq, at, began, job_id, before, after }) => ({
          ...{ seq, at, began, jobId: job_id ?? '' },
          before: before === null ? null : inMilliseconds(before),
          after: after === null ? null : inMilliseconds(after),
        })),
      locks: audit.rows.filter((row) => row.job_id === null),
      lock: lock.rows[0] as LockRow,
      quads: new Map(quads.rows.map(({ object, at }) => [object, at])),
      unentitled: Number(counts.rows[0]?.unentitled),
      unverified: Number(counts.rows[0]?.unverified),
      revived: Number(counts.rows[0]?.revived),
    };
  } finally {
    client.release(broken);
  }
}

const times = [
  'created',
  'start_time',
  'due',
  'started',
  'end_time',
  'lease_expires',
  'enqueued_at',
];

function inMilliseconds(row: JobRow): JobRow {
  const converted: Record<string, unknown> = { ...row };
  for (const name of times) {
    const value = converted[name];
    if (typeof value === 'string') converted[name] = microsecondsOf(value) / 1_000;
  }
  return converted as unknown as JobRow;
}

/** Date.parse stops at milliseconds, and whether a job began early can hang on less. */
function microsecondsOf(text: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  const whole = Date.parse(text.replace(/\.\d+/, '')) * 1_000;
  return whole + Number(fraction.slice(0, 6).padEnd(6, '0'));
}
