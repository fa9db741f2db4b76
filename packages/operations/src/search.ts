import { type JobRecord, type RecordStatus, recordColumns, recordSource } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

export interface JobSearch {
  /** A job's id or its first eight digits or more, or part of a dataset's short code. */
  readonly text?: string | undefined;
  readonly status?: RecordStatus | undefined;
  readonly type?: string | undefined;
  /** A dataset's short code. */
  readonly dataset?: string | undefined;
  /** Only jobs older than the one with this id: the last of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

const idPrefix = /^[0-9a-f]{8}[0-9a-f-]{0,28}$/;

/** At most so many datasets are searched for a part of their short code. */
const maxDatasets = 100;

/** Jobs that match everything that is given, newest first. */
export async function searchJobs(db: Database, search: JobSearch): Promise<JobRecord[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const conditions: string[] = [];
  if (search.status !== undefined) conditions.push(`j.status = ${parameter(search.status)}`);
  if (search.type !== undefined) conditions.push(`j.type = ${parameter(search.type)}`);
  if (search.before !== undefined) conditions.push(`j.id < ${parameter(search.before)}::uuid`);
  const words = search.text?.trim().toLowerCase() ?? '';
  const range = idPrefix.test(words) ? idRange(words) : undefined;
  if (range !== undefined) {
    const [from, to] = range;
    conditions.push(`j.id BETWEEN ${parameter(from)}::uuid AND ${parameter(to)}::uuid`);
  }
  const datasets: string[] = [];
  if (search.dataset !== undefined) datasets.push(`code = ${parameter(search.dataset)}`);
  if (words !== '' && range === undefined) datasets.push(`strpos(code, ${parameter(words)}) > 0`);
  const limit = parameter(search.limit);
  const newest = (condition: string): string => {
    const all = condition === '' ? conditions : [condition, ...conditions];
    return `SELECT ${recordSource} FROM kasabi.job j ${all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`}
            ORDER BY j.id DESC LIMIT ${limit}`;
  };
  // Of each dataset its newest, by its index: the newest of all may be far apart.
  const from =
    datasets.length === 0
      ? newest('')
      : `SELECT each.* FROM (
           SELECT id FROM kasabi.dataset WHERE ${datasets.join(' AND ')}
           ORDER BY code LIMIT ${maxDatasets}) AS wanted
         CROSS JOIN LATERAL (${newest('j.dataset_id = wanted.id')}) AS each
         ORDER BY each.id DESC LIMIT ${limit}`;
  const { rows } = await db.query<JobRecord>(
    `SELECT ${recordColumns} FROM (${from}) AS j JOIN kasabi.dataset d ON d.id = j.dataset_id
     ORDER BY j.id DESC`,
    values,
  );
  return rows;
}

/** The ids that begin with these digits, from the first to the last; undefined if none can. */
function idRange(prefix: string): [string, string] | undefined {
  const digits = prefix.replaceAll('-', '');
  if (digits.length > 32) return undefined;
  return [digits.padEnd(32, '0'), digits.padEnd(32, 'f')];
}
