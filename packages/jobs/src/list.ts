import type { Database } from '@kasabi/postgres';
import type { JobStatus, JobType } from '@kasabi/protocol';
import { type JobRecord, recordColumns } from './record.ts';

export interface ListJobsOptions {
  readonly datasetCode?: string;
  readonly status?: JobStatus;
  readonly jobType?: JobType;
  /** Only jobs older than the one with this id: the last id of the page before. */
  readonly before?: string;
  /** Most records to return. */
  readonly limit: number;
}

/** Jobs, newest first: their ids (UUIDv7) are in the order in which they were accepted. */
export async function listJobs(db: Database, options: ListJobsOptions): Promise<JobRecord[]> {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const where = (condition: (parameter: string) => string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  where(
    (code) => `j.dataset_id = (SELECT id FROM kasabi.dataset WHERE code = ${code})`,
    options.datasetCode,
  );
  where((status) => `j.status = ${status}`, options.status);
  where((type) => `j.type = ${type}`, options.jobType);
  where((id) => `j.id < ${id}`, options.before);
  values.push(options.limit);
  const { rows } = await db.query<JobRecord>(
    `SELECT ${recordColumns}
     FROM kasabi.job j JOIN kasabi.dataset d ON d.id = j.dataset_id
     ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
     ORDER BY j.id DESC LIMIT $${values.length}`,
    values,
  );
  return rows;
}
