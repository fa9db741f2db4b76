import type { Database } from '@kasabi/postgres';
import { addHistograms, type Histogram, percentileOf } from './histogram.ts';

/** A span of time in the history of jobs. Percentiles are null where no job completed or failed. */
export interface HistoryPoint {
  readonly from: Date;
  readonly accepted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** From the start time to the first start, for jobs that ended in the span; accurate to within 10 %. */
  readonly driftP50Ms: number | null;
  readonly driftP99Ms: number | null;
  /** From the first start to the end, including the pauses in between. */
  readonly runP50Ms: number | null;
  readonly runP99Ms: number | null;
}

/** The most points, whatever the hours: as many columns as can be told apart on a phone. */
const maxPoints = 60;

interface Row {
  readonly from: Date;
  readonly accepted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly drifts: readonly (Histogram | null)[];
  readonly runs: readonly (Histogram | null)[];
}

/**
 * The last `hours` of the tally, oldest first, without gaps, in at most 60 spans of whole minutes. The last span is
 * not over yet, and has what the workers had tallied when they last did.
 */
export async function readHistory(
  db: Database,
  { hours }: { readonly hours: number },
): Promise<HistoryPoint[]> {
  const minutes = Math.max(1, Math.ceil((hours * 60) / maxPoints));
  const points = Math.max(1, Math.ceil((hours * 60) / minutes));
  const { rows } = await db.query<Row>({
    name: 'history',
    text: `
      WITH span AS (
        SELECT $1 * interval '1 minute' AS width,
               date_bin($1 * interval '1 minute', now(), timestamptz 'epoch') AS last
      )
      SELECT bin AS "from", coalesce(sum(t.accepted), 0)::int AS accepted,
             coalesce(sum(t.completed), 0)::int AS completed,
             coalesce(sum(t.failed), 0)::int AS failed,
             coalesce(sum(t.cancelled), 0)::int AS cancelled,
             json_agg(t.drift_histogram) AS drifts, json_agg(t.run_histogram) AS runs
      FROM span CROSS JOIN generate_series(span.last - ($2::int - 1) * span.width, span.last, span.width) AS bin
      LEFT JOIN kasabi.job_tally t ON t.minute >= bin AND t.minute < bin + span.width
      GROUP BY bin ORDER BY bin`,
    values: [minutes, points],
  });
  return rows.map(({ drifts, runs, ...counts }) => {
    const [drift, run] = [addHistograms(drifts), addHistograms(runs)];
    return {
      ...counts,
      driftP50Ms: percentileOf(drift, 0.5),
      driftP99Ms: percentileOf(drift, 0.99),
      runP50Ms: percentileOf(run, 0.5),
      runP99Ms: percentileOf(run, 0.99),
    };
  });
}
