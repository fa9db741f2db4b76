import { pipeline } from 'node:stream/promises';
import { roleName, withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DatasetReadOnly } from './load-errors.ts';
import { getDataset } from './registry.ts';
import { delimiter, rowsOfLines } from './restore-rows.ts';
import { LOCK_CLASS, quadColumns, quadsTable } from './tables.ts';

export interface ReplaceOptions {
  /** N-Quads as an export writes them. */
  readonly lines: AsyncIterable<Uint8Array>;
  /** Aborts it; nothing is changed then. */
  readonly signal: AbortSignal;
  /** Runs in the same transaction, and is committed with it. */
  readonly alongside: (client: pg.PoolClient, quads: number) => Promise<unknown>;
}

/**
 * Replaces all quads of a dataset for an operator, without a job: in one transaction, for which writers and jobs of the
 * dataset wait. Readers do not wait, and see the old quads until it is committed. Returns how many quads there are.
 *
 * @param pool its login may assume the role of the schema's owner.
 * @throws DatasetUnknown, DatasetReadOnly while a job has locked it, SourceMalformed, or what `lines` throws.
 */
export async function replaceDataset(
  pool: pg.Pool,
  code: string,
  { lines, signal, alongside }: ReplaceOptions,
): Promise<number> {
  const replace = async (client: pg.PoolClient): Promise<number> => {
    await client.query(`SET LOCAL ROLE ${roleName('owner')}`);
    const { id } = await getDataset(client, code);
    // As the locker takes it: writers in flight end first, and later ones wait.
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, id]);
    const { storageMode } = await getDataset(client, code);
    if (storageMode === 'read-only') {
      throw new DatasetReadOnly(code, 'it is read-only while a job runs on it');
    }
    const table = quadsTable(id);
    await client.query(`DELETE FROM ${table}`);
    const copy = client.query(
      copyFrom(
        `COPY ${table} (${quadColumns.join(', ')}) FROM STDIN (DELIMITER E'\\x0${delimiter}')`,
      ),
    );
    await pipeline(
      rowsOfLines(lines, () => undefined),
      copy,
      { signal },
    );
    await alongside(client, copy.rowCount);
    return copy.rowCount;
  };
  try {
    return await withTransaction(pool, replace, signal);
  } catch (error) {
    // An abort can surface in several ways.
    signal.throwIfAborted();
    throw error;
  }
}
