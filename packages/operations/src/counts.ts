import type { Database } from '@kasabi/postgres';
import { countLimit } from './overview.ts';

export interface JobCount {
  readonly type: string;
  readonly status: 'scheduled' | 'running';
  readonly count: number;
}

export interface Counts {
  /** Open jobs by type and status; of the scheduled ones, only the first `countLimit` are counted. */
  readonly jobs: readonly JobCount[];
  /** All datasets that are read-only. */
  readonly readOnlyDatasets: number;
}

/** Counts that the overview does not have. Reads partial indexes of open jobs, and the registry. */
export async function readCounts(db: Database): Promise<Counts> {
  const { rows } = await db.query<Counts>({
    name: 'counts',
    text: `
      SELECT (SELECT coalesce(json_agg(c), '[]') FROM (
          SELECT type, 'scheduled' AS status, count(*) FROM (
            SELECT type FROM kasabi.job WHERE status = 'scheduled' ORDER BY due LIMIT ${countLimit}
          ) AS waiting GROUP BY type
          UNION ALL
          SELECT type, 'running', count(*) FROM kasabi.job WHERE status = 'running' GROUP BY type
        ) AS c) AS jobs,
        (SELECT count(*)::int FROM kasabi.dataset WHERE locked_by IS NOT NULL) AS "readOnlyDatasets"`,
  });
  return rows[0] as Counts;
}
