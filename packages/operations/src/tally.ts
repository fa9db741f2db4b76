import type { Database } from '@kasabi/postgres';
import { createLoop, type Loop } from '@kasabi/runtime';
import { bucketOf, histogramOf } from './histogram.ts';
import { inMs } from './in-ms.ts';

export interface TallyOptions {
  readonly db: Database;
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
}

// Ids are UUIDv7: their first 48 bits are the millisecond when they were made, so a span of time is a range of the
// primary key.
const firstId = (time: string): string =>
  `rpad(lpad(to_hex((extract(epoch FROM ${time}) * 1000)::bigint), 12, '0'), 32, '0')::uuid`;

const percentile = (part: number, time: string): string =>
  `percentile_cont(${part}) WITHIN GROUP (ORDER BY ${time}) FILTER (WHERE status <> 'cancelled')`;

const countsByLength = (time: 'drift' | 'run'): string => `
  SELECT minute, type, ${histogramOf('bucket', 'jobs')} AS ${time}_histogram
  FROM (
    SELECT minute, type, ${bucketOf(`${time}_ms`)} AS bucket, count(*) AS jobs
    FROM recent WHERE status <> 'cancelled' AND ${time}_ms IS NOT NULL GROUP BY 1, 2, 3
  ) AS counted GROUP BY 1, 2`;

// Whoever finds that the last round was long enough ago takes the turn; the others wait for the row, and then find it
// recent. Gaps are filled up to a day back.
const turn = `
  UPDATE kasabi.job_tally_progress SET at = now()
  WHERE at <= now() - $1 * interval '1 millisecond'
  RETURNING greatest(final_before, date_trunc('minute', now() - interval '1 day')) AS since`;

// A separate statement, and not a prepared one: for a time that it does not know, Postgres plans to read a third of the
// table. A minute is final one minute after its end, so that late commits are counted.
const count = `
  WITH accepted AS (
    SELECT date_trunc('minute', uuid_extract_timestamp(id)) AS minute, type, count(*) AS accepted
    FROM kasabi.job WHERE id >= ${firstId('$1::timestamptz')}
    GROUP BY 1, 2
  ), recent AS MATERIALIZED (
    SELECT date_trunc('minute', end_time) AS minute, type, status,
           ${inMs('started - start_time')} AS drift_ms,
           ${inMs('end_time - started')} AS run_ms
    FROM kasabi.job WHERE end_time >= $1
  ), ended AS (
    SELECT minute, type,
           count(*) FILTER (WHERE status = 'completed') AS completed,
           count(*) FILTER (WHERE status = 'failed') AS failed,
           count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
           ${percentile(0.5, 'drift_ms')} AS drift_p50_ms,
           ${percentile(0.99, 'drift_ms')} AS drift_p99_ms,
           ${percentile(0.5, 'run_ms')} AS run_p50_ms,
           ${percentile(0.99, 'run_ms')} AS run_p99_ms
    FROM recent GROUP BY 1, 2
  ), drifts AS (${countsByLength('drift')}
  ), runs AS (${countsByLength('run')}
  ), progress AS (
    UPDATE kasabi.job_tally_progress
    SET final_before = greatest(final_before, date_trunc('minute', now() - interval '1 minute'))
  )
  INSERT INTO kasabi.job_tally (minute, type, accepted, completed, failed, cancelled,
    drift_p50_ms, drift_p99_ms, run_p50_ms, run_p99_ms, drift_histogram, run_histogram)
  SELECT minute, type, coalesce(accepted, 0), coalesce(completed, 0), coalesce(failed, 0),
         coalesce(cancelled, 0),
         drift_p50_ms, drift_p99_ms, run_p50_ms, run_p99_ms, drift_histogram, run_histogram
  FROM accepted FULL JOIN ended USING (minute, type)
  LEFT JOIN drifts USING (minute, type) LEFT JOIN runs USING (minute, type)
  ORDER BY minute, type
  ON CONFLICT (minute, type) DO UPDATE
  SET accepted = excluded.accepted, completed = excluded.completed, failed = excluded.failed,
      cancelled = excluded.cancelled,
      drift_p50_ms = excluded.drift_p50_ms, drift_p99_ms = excluded.drift_p99_ms,
      run_p50_ms = excluded.run_p50_ms, run_p99_ms = excluded.run_p99_ms,
      drift_histogram = excluded.drift_histogram, run_histogram = excluded.run_histogram`;

/**
 * The tally counts jobs minute by minute for the charts, so that looking at a chart counts no jobs. Any number of
 * tallies may run; they take turns, so more workers do not mean more counting.
 */
export function createTally(options: TallyOptions): Loop {
  return createLoop({
    name: 'tally',
    intervalMs: options.intervalMs,
    async runOnce() {
      // Shorter than the pause, which varies by a tenth, so that a single worker gets every turn.
      const { rows } = await options.db.query<{ since: Date }>({
        name: 'tally-turn',
        text: turn,
        values: [options.intervalMs * 0.8],
      });
      if (rows[0] !== undefined) await options.db.query(count, [rows[0].since]);
    },
    onError: options.onError,
  });
}
