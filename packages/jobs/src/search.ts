import type { RecordStatus } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { type FilterSql, filterSql, type JobFilter } from './filter-sql.ts';
import { type JobRecord, recordColumns, recordSource } from './record.ts';

export interface JobSearch extends JobFilter {
  /** Instead of a status, any of these; for a search by nothing that every job has to be looked at for. */
  readonly statuses?: readonly RecordStatus[] | undefined;
  /** Only jobs older than the one with this id: the last of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Jobs that were found, newest first. */
export interface FoundJobs {
  readonly jobs: readonly JobRecord[];
  /**
   * The last job that was looked at, where the search ended before it had looked at all: a page that begins
   * there goes on.
   */
  readonly searchedTo: string | undefined;
}

/** At most so many jobs are looked at for what no index tells: a message, a start, an end. */
export const mostLookedAt = 100_000;

/**
 * Jobs that match everything that is given, newest first: their ids (UUIDv7) are in the order in which they were
 * accepted.
 */
export async function searchJobs(db: Database, search: JobSearch): Promise<FoundJobs> {
  const values: unknown[] = [search.limit];
  const limit = '$1';
  // Each status by itself: an index has the jobs of one in order, of several together it has not.
  const parts = (search.statuses ?? [search.status]).map((status) => {
    const sql = filterSql({ ...search, status }, values);
    return `(${sql.scanned.length > 0 ? windowed(sql, limit) : ofNewest(sql, limit)})`;
  });
  const { rows: jobs } = await db.query<JobRecord>(
    `SELECT ${recordColumns} FROM (${parts.join(' UNION ALL ')}) AS j
     JOIN LATERAL (SELECT code FROM kasabi.dataset WHERE id = j.dataset_id LIMIT 1) AS d ON true
     ORDER BY j.id DESC LIMIT ${limit}`,
    values,
  );
  const end = filterSql(search);
  if (end.scanned.length === 0 || jobs.length >= search.limit) {
    return { jobs, searchedTo: undefined };
  }
  const { rows } = await db.query<{ id: string }>(
    `SELECT j.id FROM kasabi.job j ${whereOf(end.indexed)}
     ORDER BY j.id DESC OFFSET ${mostLookedAt - 1} LIMIT 2`,
    end.indexedValues,
  );
  // With another one behind it, there is more to look at.
  return { jobs, searchedTo: rows.length > 1 ? rows[0]?.id : undefined };
}

/** The newest jobs, as far as an index tells; of some datasets, the newest of each by its index. */
function ofNewest({ indexed, datasets }: FilterSql, limit: string): string {
  const newest = (most: string, ...more: readonly string[]): string =>
    `SELECT ${recordSource} FROM kasabi.job j ${whereOf([...more, ...indexed])} ORDER BY j.id DESC LIMIT ${most}`;
  if (datasets.length === 0) return newest(limit);
  // The jobs wanted are of those datasets whose newest ones are the newest: of thousands, few are looked into.
  return `SELECT each.* FROM (
      SELECT d.id FROM kasabi.dataset d CROSS JOIN LATERAL (
        SELECT j.id FROM kasabi.job j ${whereOf(['j.dataset_id = d.id', ...indexed])}
        ORDER BY j.id DESC LIMIT 1) AS latest
      ${whereOf(datasets)} ORDER BY latest.id DESC LIMIT ${limit}) AS wanted
    CROSS JOIN LATERAL (${newest(limit, 'j.dataset_id = wanted.id')}) AS each
    ORDER BY each.id DESC LIMIT ${limit}`;
}

/** Those of the newest jobs that match what no index tells. */
function windowed({ indexed, scanned, datasets }: FilterSql, limit: string): string {
  const ofDatasets =
    datasets.length === 0
      ? []
      : [`j.dataset_id = ANY (ARRAY(SELECT d.id FROM kasabi.dataset d ${whereOf(datasets)}))`];
  return `SELECT * FROM (
      SELECT ${recordSource} FROM kasabi.job j ${whereOf(indexed)} ORDER BY j.id DESC LIMIT ${mostLookedAt}) AS j
    ${whereOf([...scanned, ...ofDatasets])} ORDER BY j.id DESC LIMIT ${limit}`;
}

const whereOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
