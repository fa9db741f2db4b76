import type { Database } from '@kasabi/postgres';
import { getDataset } from './registry.ts';
import { quadsTable } from './tables.ts';

/** Tables up to this size are counted, in bytes; that took 60 ms. */
const countUpToBytes = 64 * 1024 ** 2;

/**
 * How many quads a dataset holds, quickly whatever its size: counted if it is small, otherwise Postgres's
 * last estimate. Undefined before the first estimate. For the same role as `countQuads`.
 */
export async function estimateQuads(
  db: Database,
  datasetId: number,
): Promise<{ readonly quads: number; readonly isExact: boolean } | undefined> {
  const table = quadsTable(datasetId);
  const { rows } = await db.query<{ bytes: number; estimated: number | null }>(
    `SELECT pg_relation_size(oid)::float8 AS bytes,
            CASE WHEN reltuples >= 0 AND relpages > 0 THEN
              reltuples / relpages * (pg_relation_size(oid) / current_setting('block_size')::int)
            END::float8 AS estimated
     FROM pg_class WHERE oid = $1::regclass`,
    [table],
  );
  const { bytes, estimated } = rows[0] as (typeof rows)[0];
  if (bytes > countUpToBytes) {
    return estimated === null ? undefined : { quads: Math.round(estimated), isExact: false };
  }
  const counted = await db.query<{ quads: number }>(
    `SELECT count(*)::float8 AS quads FROM ${table}`,
  );
  return { quads: counted.rows[0]?.quads ?? 0, isExact: true };
}

/**
 * Counts the quads of a dataset, which takes time in proportion. For the role that may read quads: the
 * schema's owner.
 *
 * @throws DatasetUnknown
 */
export async function countQuads(db: Database, code: string): Promise<number> {
  const { id } = await getDataset(db, code);
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM ${quadsTable(id)}`,
  );
  return Number(rows[0]?.count);
}
