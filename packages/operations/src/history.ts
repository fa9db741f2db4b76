import type { Database } from '@kasabi/postgres';

/** A span of time in the history of jobs. Percentiles are null where no job completed or failed. */
export interface HistoryPoint {
  readonly from: Date;
  readonly accepted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** The mean of the minutes' medians, weighted by their ended jobs. */
  readonly driftP50Ms: number | null;
  /** The worst minute's. */
  readonly driftP99Ms: number | null;
  readonly runP50Ms: number | null;
  readonly runP99Ms: number | null;
}

/** Most points, whatever the hours asked for. */
const maxPoints = 240;

const mean = (column: string): string =>
  `sum(t.${column} * (t.completed + t.failed)) / nullif(sum(t.completed + t.failed)
     FILTER (WHERE t.${column} IS NOT NULL), 0)`;

/**
 * The last `hours` of the tally, oldest first, without gaps, in at most 240 spans of whole minutes. The
 * last one is unfinished; it is as old as the workers' last tally.
 */
export async function readHistory(
  db: Database,
  { hours }: { readonly hours: number },
): Promise<HistoryPoint[]> {
  const minutes = Math.max(1, Math.ceil((hours * 60) / maxPoints));
  const points = Math.max(1, Math.ceil((hours * 60) / minutes));
  const { rows } = await db.query<HistoryPoint>({
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
             ${mean('drift_p50_ms')} AS "driftP50Ms", max(t.drift_p99_ms) AS "driftP99Ms",
             ${mean('run_p50_ms')} AS "runP50Ms", max(t.run_p99_ms) AS "runP99Ms"
      FROM span CROSS JOIN generate_series(span.last - ($2::int - 1) * span.width, span.last, span.width) AS bin
      LEFT JOIN kasabi.job_tally t ON t.minute >= bin AND t.minute < bin + span.width
      GROUP BY bin ORDER BY bin`,
    values: [minutes, points],
  });
  return rows;
}
