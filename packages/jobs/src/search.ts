import type { RecordStatus } from '@kasabi/domain';
import type { Database } from '@kasabi/postgres';
import { type FilterSql, filterSql, type JobFilter } from './filter-sql.ts';
import { type JobRecord, recordColumns, recordSource } from './record.ts';

export interface JobSearch extends JobFilter {
  /** Any of these, instead of a status. Not for filters that have to look at every job. */
  readonly statuses?: readonly RecordStatus[] | undefined;
  /** Only jobs older than the one with this id, the last one of the previous page. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** The jobs found, newest first. */
export interface FoundJobs {
  readonly jobs: readonly JobRecord[];
  /**
   * The last job that was looked at, if the search stopped before it had looked at all of them; continue with a page
   * that begins there.
   */
  readonly searchedTo: string | undefined;
}

/** How many jobs are looked at for what no index covers: a message, a start, an end. */
export const mostLookedAt = 100_000;

/**
 * Finds jobs, newest first. Their ids (UUIDv7) are in the order in which they were accepted.
 */
export async function searchJobs(db: Database, search: JobSearch): Promise<FoundJobs> {
  const values: unknown[] = [search.limit];
  const limit = '$1';
  // One part for each status: an index has the jobs of one status in order, but not those of several together.
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
  // If another job follows, there is more to look at.
  return { jobs, searchedTo: rows.length > 1 ? rows[0]?.id : undefined };
}

/** The newest jobs, by an index; with conditions on datasets, the newest of each dataset, by its index. */
function ofNewest({ indexed, datasets }: FilterSql, limit: string): string {
  const newest = (most: string, ...more: readonly string[]): string =>
    `SELECT ${recordSource} FROM kasabi.job j ${whereOf([...more, ...indexed])} ORDER BY j.id DESC LIMIT ${most}`;
  if (datasets.length === 0) return newest(limit);
  // Only datasets whose newest job is among the newest can have the wanted jobs: few of thousands are looked into.
  return `SELECT each.* FROM (
      SELECT d.id FROM kasabi.dataset d CROSS JOIN LATERAL (
        SELECT j.id FROM kasabi.job j ${whereOf(['j.dataset_id = d.id', ...indexed])}
        ORDER BY j.id DESC LIMIT 1) AS latest
      ${whereOf(datasets)} ORDER BY latest.id DESC LIMIT ${limit}) AS wanted
    CROSS JOIN LATERAL (${newest(limit, 'j.dataset_id = wanted.id')}) AS each
    ORDER BY each.id DESC LIMIT ${limit}`;
}

/** Those of the newest jobs that match conditions which no index covers. */
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
