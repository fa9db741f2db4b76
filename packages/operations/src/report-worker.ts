import type { Database } from '@kasabi/postgres';

/** What a worker says about itself. Times are milliseconds ago, from a monotonic clock. */
export interface WorkerReport {
  /** Identifies the process; unique for every start. */
  readonly holder: string;
  readonly host: string;
  readonly version: string;
  readonly concurrency: number;
  /** How many jobs it is running. */
  readonly running: number;
  /** How far its host's clock is ahead of Postgres's; undefined before they were compared. */
  readonly clockOffsetMs: number | undefined;
  /** Whether Redis would accept a write. */
  readonly redisAnswers: boolean;
  /** Why it would not although it answers: the part of the sentence after "Redis". */
  readonly redisTrouble?: string | undefined;
  /** Why it could not write to the export store when it last tried; undefined if it could. */
  readonly storeTrouble?: string | undefined;
  /** Since the last successful round of its relay; undefined before the first. */
  readonly sinceRelayMs: number | undefined;
  readonly relayIntervalMs: number;
  /** The same for its rescuer. */
  readonly sinceRescueMs: number | undefined;
  /** When its relay found that Redis had lost its data, and how many jobs it had forgotten; undefined if never. */
  readonly redisLoss: { readonly sinceMs: number; readonly forgotten: number } | undefined;
}

/** How often a worker reports, in milliseconds. */
export const reportIntervalMs = 5_000;

/** Writes a worker's report, and returns Postgres's clock in milliseconds since the epoch. */
export async function reportWorker(db: Database, report: WorkerReport): Promise<number> {
  const ago = (parameter: string): string =>
    `clock_timestamp() - ${parameter}::float8 * interval '1 millisecond'`;
  const { rows } = await db.query<{ now: number }>({
    name: 'report-worker',
    text: `
      INSERT INTO kasabi.worker (holder, seen, host, version, concurrency, running, clock_offset_ms,
        redis_answers, relayed, relay_interval_ms, rescued, redis_lost, redis_forgotten,
        redis_trouble, store_trouble)
      VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6, $7, ${ago('$8')}, $9, ${ago('$10')},
        ${ago('$11')}, $12, $13, $14)
      ON CONFLICT (holder) DO UPDATE
      SET seen = excluded.seen, running = excluded.running,
          clock_offset_ms = excluded.clock_offset_ms, redis_answers = excluded.redis_answers,
          redis_trouble = excluded.redis_trouble, store_trouble = excluded.store_trouble,
          relayed = excluded.relayed, rescued = excluded.rescued, redis_lost = excluded.redis_lost,
          redis_forgotten = excluded.redis_forgotten
      RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`,
    values: [
      report.holder,
      report.host,
      report.version,
      report.concurrency,
      report.running,
      report.clockOffsetMs ?? null,
      report.redisAnswers,
      report.sinceRelayMs ?? null,
      report.relayIntervalMs,
      report.sinceRescueMs ?? null,
      report.redisLoss?.sinceMs ?? null,
      report.redisLoss?.forgotten ?? null,
      report.redisTrouble ?? null,
      report.storeTrouble ?? null,
    ],
  });
  return (rows[0] as { now: number }).now;
}

/** Deletes the row of a worker that stops in an orderly way, so that nobody misses it. */
export async function removeWorker(db: Database, holder: string): Promise<void> {
  await db.query('DELETE FROM kasabi.worker WHERE holder = $1', [holder]);
}
