import type { ExportedFile } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';

/** The newest export of a dataset that can still be downloaded. */
export interface NewestExport {
  readonly jobId: string;
  readonly file: ExportedFile;
}

/** Reads the newest exports of datasets, in the order of their ids; undefined where there is none. */
export async function newestExports(
  db: Database,
  datasetIds: readonly number[],
): Promise<(NewestExport | undefined)[]> {
  const { rows } = await db.query<{ jobId: string | null; file: ExportedFile | null }>({
    name: 'newest-exports',
    text: `
      SELECT newest.id AS "jobId", newest.result AS file
      FROM unnest($1::int[]) WITH ORDINALITY AS asked (id, position)
      LEFT JOIN LATERAL (
        SELECT j.id, j.result FROM kasabi.job j
        WHERE j.dataset_id = asked.id AND j.result IS NOT NULL AND j.result ? 'object'
        ORDER BY j.end_time DESC LIMIT 1
      ) AS newest ON (newest.result ->> 'expires')::timestamptz > now()
      ORDER BY asked.position`,
    values: [datasetIds],
  });
  return rows.map(({ jobId, file }) =>
    jobId === null || file === null ? undefined : { jobId, file },
  );
}
