import type { Database } from '@kasabi/postgres';
import { getDataset } from './registry.ts';
import { quadsTable } from './tables.ts';

/**
 * How many quads a dataset holds. Counts them, so it takes time in proportion. For the roles that may
 * read quads: worker, status and the schema's owner.
 *
 * @throws DatasetUnknown
 */
export async function countQuads(db: Database, code: string): Promise<number> {
  const { id } = await getDataset(db, code);
  const { rows } = await db.query<{ count: string }>(
    `SELECT count(*) AS count FROM ${quadsTable(id)}`,
  );
  return Number(rows[0]?.count);
}
