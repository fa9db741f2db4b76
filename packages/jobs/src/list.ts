import type { JobType, RecordStatus } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { type JobRecord, recordColumns, recordSource } from './record.ts';

export interface ListJobsOptions {
  readonly datasetCode?: string;
  /** Those in one of these statuses; in any unless set. */
  readonly statuses?: readonly RecordStatus[];
  readonly jobType?: JobType;
  /** Only jobs older than the one with this id: the last id of the page before. */
  readonly before?: string;
  /** Most records to return. */
  readonly limit: number;
}

/** Jobs, newest first: their ids (UUIDv7) are in the order in which they were accepted. */
export async function listJobs(db: Database, options: ListJobsOptions): Promise<JobRecord[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const conditions: string[] = [];
  const where = (condition: (parameter: string) => string, value: unknown) => {
    if (value !== undefined) conditions.push(condition(parameter(value)));
  };
  where(
    (code) => `j.dataset_id = (SELECT id FROM kasabi.dataset WHERE code = ${code})`,
    options.datasetCode,
  );
  where((type) => `j.type = ${type}`, options.jobType);
  where((id) => `j.id < ${id}`, options.before);
  const limit = parameter(options.limit);
  const newest = (condition?: string): string => {
    const all = condition === undefined ? conditions : [...conditions, condition];
    return `(SELECT ${recordSource} FROM kasabi.job j ${all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`}
             ORDER BY j.id DESC LIMIT ${limit})`;
  };
  // Each status of the record by itself: an index has them in order, of several together it has not.
  const from =
    options.statuses === undefined
      ? newest()
      : options.statuses
          .map((status) => newest(`j.status = ${parameter(status)}`))
          .join(' UNION ALL ');
  const { rows } = await db.query<JobRecord>(
    `SELECT ${recordColumns}
     FROM (${from}) AS j
     JOIN LATERAL (SELECT code FROM kasabi.dataset WHERE id = j.dataset_id LIMIT 1) AS d ON true
     ORDER BY j.id DESC LIMIT ${limit}`,
    values,
  );
  return rows;
}
