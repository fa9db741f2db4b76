import type { PublicationStatus, StorageMode } from '@kasabi/datasets';
import type { Database } from '@kasabi/postgres';

/** A filter for datasets; everything that is given has to match. */
export interface DatasetFilter {
  /** Part of the short code. */
  readonly text?: string | undefined;
  /** An owner's name. */
  readonly owner?: string | undefined;
  readonly status?: PublicationStatus | undefined;
  readonly locked?: boolean | undefined;
  /** Whether the dataset itself is paused; a pause of all jobs does not count. */
  readonly paused?: boolean | undefined;
}

export interface DatasetSearch extends DatasetFilter {
  readonly limit: number;
  /** Only datasets after this short code, the last one of the previous page. */
  readonly after?: string | undefined;
}

/** A dataset in a list. */
export interface ListedDataset {
  readonly code: string;
  readonly title: string;
  readonly owner: string;
  readonly status: PublicationStatus;
  readonly created: Date;
  readonly storageMode: StorageMode;
  readonly lockedAt: Date | null;
  readonly paused: boolean;
  /** Scheduled jobs, at most `mostOpenCounted`. */
  readonly scheduled: number;
}

/** Where the count of a dataset's scheduled jobs stops. */
export const mostOpenCounted = 1_000;

/** Where the count of datasets stops. */
export const mostDatasetsCounted = 10_000;

function conditionsOf(filter: DatasetFilter, values: unknown[]): string[] {
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const { text, owner, status, locked, paused } = filter;
  const conditions: string[] = [];
  if (owner !== undefined) {
    conditions.push(`d.owner_id = (SELECT id FROM kasabi.owner WHERE name = ${parameter(owner)})`);
  }
  if (text !== undefined) conditions.push(`strpos(d.code, ${parameter(text.toLowerCase())}) > 0`);
  if (status !== undefined) conditions.push(`d.status = ${parameter(status)}`);
  if (locked !== undefined) conditions.push(`d.locked_by IS ${locked ? 'NOT NULL' : 'NULL'}`);
  if (paused !== undefined) conditions.push(`${paused ? '' : 'NOT '}${isPausedItself}`);
  return conditions;
}

const isPausedItself = 'EXISTS (SELECT FROM kasabi.pause p WHERE p.dataset_id = d.id)';

/** A page of datasets, by short code. Reads the registry and an index of scheduled jobs. */
export async function searchDatasets(
  db: Database,
  search: DatasetSearch,
): Promise<ListedDataset[]> {
  const values: unknown[] = [search.limit, search.after ?? ''];
  const conditions = ['d.code > $2', ...conditionsOf(search, values)];
  const { rows } = await db.query<ListedDataset>(
    `SELECT d.code, d.title, o.name AS owner, d.status, d.created, d.storage_mode AS "storageMode",
            d.locked_at AS "lockedAt",
            ${isPausedItself} AS paused,
            (SELECT count(*)::int FROM (
               SELECT FROM kasabi.job j WHERE j.dataset_id = d.id AND j.status = 'scheduled'
               LIMIT ${mostOpenCounted}) AS open) AS scheduled
     FROM (
       SELECT id, code, title, owner_id, status, created, storage_mode, locked_at
       FROM kasabi.dataset d WHERE ${conditions.join(' AND ')} ORDER BY d.code LIMIT $1
     ) AS d JOIN kasabi.owner o ON o.id = d.owner_id
     ORDER BY d.code`,
    values,
  );
  return rows;
}

/** How many datasets match, at most `mostDatasetsCounted`. */
export async function countDatasets(db: Database, filter: DatasetFilter): Promise<number> {
  const values: unknown[] = [];
  const conditions = conditionsOf(filter, values);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count
     FROM (SELECT FROM kasabi.dataset d ${where} LIMIT ${mostDatasetsCounted}) AS found`,
    values,
  );
  return rows[0]?.count ?? 0;
}
