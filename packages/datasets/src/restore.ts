import { pipeline } from 'node:stream/promises';
import { hasSqlState, isGuardRefusal, sqlState, withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { ClearRequest } from './clear.ts';
import { enterLocked, tryAlone } from './enter.ts';
import { FencedOut } from './errors.ts';
import { delimiter, rowsOfLines } from './restore-rows.ts';
import { quadColumns, quadsTable } from './tables.ts';

export interface RestoreRequest extends Omit<ClearRequest, 'truncateFromBytes'> {
  /** N-Quads as an export writes them. What they throw is thrown before anything is changed. They stop at `signal`, too. */
  readonly lines: AsyncIterable<Uint8Array>;
  /** Called with the number of quads read so far. */
  readonly onQuads: (quads: number) => void;
  /** The name of the session while the transaction lasts; 63 characters at most. */
  readonly sessionName: string;
  /** Ends the restore, which then changes nothing. */
  readonly signal: AbortSignal;
}

/** `swap`: the new table has taken the place of the old one. `copy`: the rows were replaced, beside readers. */
export type RestoreMethod = 'swap' | 'copy';

export interface Restored {
  readonly quads: number;
  readonly previousQuads: number;
  readonly method: RestoreMethod;
}

/**
 * Replaces all quads of a locked dataset, in one transaction with what `commit` does. The quads go into a table beside
 * the dataset's, which then takes its place.
 *
 * Why so. TRUNCATE and COPY into the dataset's own table would make readers wait for the COPY. A table that a
 * transaction of its own had filled would be left behind by a worker that is lost; this one disappears with the session.
 * And only a transaction that has made the table may load it frozen (COPY's FREEZE): a reader whose snapshot is older
 * than the swap, and who opens the table after it, then sees the new quads, and not an empty table.
 *
 * The swap needs the table for itself, like a TRUNCATE, and is tried as often and as long. If readers stay, or if the
 * table has indexes, views or publications, which would be lost with it, its rows are deleted and inserted instead:
 * readers see that with the commit, and never wait. Writers are not affected: who was admitted before the lock has
 * ended, and a statement that waits for the table looks its name up again.
 *
 * @param pool not in pipeline mode, and without a limit on the time of a statement.
 * @throws SourceMalformed, or what `lines` throws; FencedOut when the dataset is no longer locked with this fence.
 */
export async function restoreDataset<T>(
  pool: pg.Pool,
  request: RestoreRequest,
  commit: (client: pg.PoolClient, restored: Restored) => Promise<T>,
): Promise<T> {
  const { datasetId, fence, signal } = request;
  const work = async (client: pg.PoolClient): Promise<T> => {
    const name = client.escapeLiteral(request.sessionName);
    await client.query(`SET LOCAL application_name = ${name}`);
    const previousQuads = await count(client, datasetId);
    const quads = await loadBeside(client, request);
    await enterLocked(client, request);
    const method = (await trySwap(client, request)) ? 'swap' : 'copy';
    if (method === 'copy') {
      await client.query('SELECT kasabi.copy_restored($1, $2)', [datasetId, fence]);
    }
    return await commit(client, { quads, previousQuads, method });
  };
  try {
    return await withTransaction(pool, work, signal);
  } catch (error) {
    // An abort can surface in several ways.
    signal.throwIfAborted();
    if (isGuardRefusal(error)) throw new FencedOut(datasetId, fence);
    throw error;
  }
}

async function count(client: pg.ClientBase, datasetId: number): Promise<number> {
  const { rows } = await client.query<{ quads: number }>(
    `SELECT count(*)::float8 AS quads FROM ${quadsTable(datasetId)}`,
  );
  return rows[0]?.quads ?? 0;
}

/** Loads the lines into a new table, and returns how many quads there were. */
async function loadBeside(client: pg.PoolClient, request: RestoreRequest): Promise<number> {
  const { datasetId, fence, secret, lines, onQuads, signal } = request;
  const { rows } = await client.query<{ beside: string }>({
    name: 'begin-restore',
    text: 'SELECT kasabi.begin_restore($1, $2, $3) AS beside',
    values: [datasetId, fence, secret],
  });
  const copy = client.query(
    copyFrom(
      `COPY ${rows[0]?.beside} (${quadColumns.join(', ')}) FROM STDIN (FREEZE, DELIMITER E'\\x0${delimiter}')`,
    ),
  );
  await pipeline(rowsOfLines(lines, onQuads), copy, { signal });
  return copy.rowCount;
}

async function trySwap(client: pg.ClientBase, request: RestoreRequest): Promise<boolean> {
  const { datasetId, fence, truncateTries, truncateTimeoutMs } = request;
  try {
    return await tryAlone(client, {
      statement: `SELECT kasabi.swap_restored(${datasetId}, ${fence})`,
      tries: Math.max(1, truncateTries),
      timeoutMs: truncateTimeoutMs,
    });
  } catch (error) {
    if (!hasSqlState(error, sqlState.notInPrerequisiteState)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT alone');
    return false;
  }
}
