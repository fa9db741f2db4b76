import { OwnerUnknown } from '@kasabi/accounts';
import { datasetCodePattern } from '@kasabi/domain';
import { type Database, hasSqlState, roleName, sqlState, withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import { DatasetCodeInvalid, DatasetExists, DatasetUnknown } from './errors.ts';
import { isPaused } from './paused.ts';
import { LOCK_CLASS, quadsTableDdl } from './tables.ts';

/** `draft` until its owner publishes it. */
export type PublicationStatus = 'draft' | 'published';
/** Whether the dataset's data may be written. */
export type StorageMode = 'read-write' | 'read-only';

/** A dataset as the registry describes it. */
export interface Dataset {
  readonly id: number;
  readonly code: string;
  readonly title: string;
  readonly owner: string;
  readonly status: PublicationStatus;
  readonly created: Date;
  readonly published: Date | null;
  readonly storageMode: StorageMode;
  readonly fence: number;
  /** The id of the job that holds the lock. */
  readonly lockedBy: string | null;
  readonly lockedAt: Date | null;
  /** Whether operators have paused its jobs, or all jobs. */
  readonly jobsPaused: boolean;
}

export interface NewDataset {
  readonly code: string;
  /** The name of an existing owner. */
  readonly owner: string;
  /** The short code unless given, or empty. */
  readonly title?: string;
}

/** Runs in the same transaction as the function that receives it. */
export type Alongside = (client: pg.PoolClient) => Promise<unknown>;

const nothingElse: Alongside = async () => undefined;

const selectDataset = `
  SELECT d.id, d.code, d.title, o.name AS owner, d.status, d.created, d.published,
         d.storage_mode AS "storageMode", d.fence, d.locked_by AS "lockedBy",
         d.locked_at AS "lockedAt", ${isPaused('d.id')} AS "jobsPaused"
  FROM kasabi.dataset d JOIN kasabi.owner o ON o.id = d.owner_id`;

/**
 * Creates a dataset: its registry row and its table with guard and grants, in one commit.
 *
 * @param alongside further work that is committed with it.
 * @throws DatasetCodeInvalid, DatasetExists, OwnerUnknown
 */
export async function createDataset(
  pool: pg.Pool,
  dataset: NewDataset,
  alongside: Alongside = nothingElse,
): Promise<Dataset> {
  if (!datasetCodePattern.test(dataset.code)) throw new DatasetCodeInvalid(dataset.code);
  try {
    await withTransaction(pool, async (client) => {
      await client.query(`SET LOCAL ROLE ${roleName('owner')}`);
      const { rows } = await client.query<{ id: number }>(
        `INSERT INTO kasabi.dataset (code, title, owner_id)
         SELECT $1, $2, id FROM kasabi.owner WHERE name = $3 RETURNING id`,
        [dataset.code, dataset.title || dataset.code, dataset.owner],
      );
      const id = rows[0]?.id;
      if (id === undefined) throw new OwnerUnknown(dataset.owner);
      await client.query(quadsTableDdl(id));
      await alongside(client);
    });
  } catch (error) {
    if (hasSqlState(error, sqlState.uniqueViolation)) throw new DatasetExists(dataset.code);
    throw error;
  }
  return getDataset(pool, dataset.code);
}

/**
 * Publishes a dataset; does not change one that is already published.
 *
 * @param alongside further work that is committed with it.
 * @throws DatasetUnknown
 */
export async function publishDataset(
  pool: pg.Pool,
  code: string,
  alongside: Alongside = nothingElse,
): Promise<Dataset> {
  const { id } = await getDataset(pool, code);
  await withTransaction(pool, async (client) => {
    // Like the locker: writers hold the row FOR SHARE and would keep a plain UPDATE waiting forever.
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, id]);
    await client.query(
      `UPDATE kasabi.dataset SET status = 'published', published = now()
       WHERE id = $1 AND status = 'draft'`,
      [id],
    );
    await alongside(client);
  });
  return await getDataset(pool, code);
}

/** The datasets with these short codes, in the order of the codes; undefined for an unknown one. */
export async function findDatasets(
  db: Database,
  codes: readonly string[],
): Promise<(Dataset | undefined)[]> {
  const { rows } = await db.query<Dataset>({
    name: 'find-datasets',
    text: `${selectDataset} WHERE d.code = ANY ($1)`,
    values: [[...new Set(codes)]],
  });
  const found = new Map(rows.map((dataset) => [dataset.code, dataset]));
  return codes.map((code) => found.get(code));
}

/** The dataset with this short code, or undefined. */
export async function findDataset(db: Database, code: string): Promise<Dataset | undefined> {
  const { rows } = await db.query<Dataset>({
    name: 'find-dataset',
    text: `${selectDataset} WHERE d.code = $1`,
    values: [code],
  });
  return rows[0];
}

/**
 * Finds the dataset with this short code.
 *
 * @throws DatasetUnknown
 */
export async function getDataset(db: Database, code: string): Promise<Dataset> {
  const dataset = await findDataset(db, code);
  if (dataset === undefined) throw new DatasetUnknown(code);
  return dataset;
}

/** All datasets, by short code. */
export async function listDatasets(db: Database): Promise<Dataset[]> {
  const { rows } = await db.query<Dataset>(`${selectDataset} ORDER BY d.code`);
  return rows;
}
