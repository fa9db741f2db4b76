import { pipeline } from 'node:stream/promises';
import { isGuardRefusal, roleName, withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DatasetReadOnly } from './load-errors.ts';
import { copyRows, type QuadRow } from './load-rows.ts';
import { getDataset } from './registry.ts';
import { quadColumns, quadsTable } from './tables.ts';

/** A source of quads, such as what `openRdf` of `packages/rdf` returns. */
export interface QuadSource {
  readonly bytesRead: number;
  readonly bytesTotal: number;
  read(): AsyncIterable<Iterable<QuadRow>>;
  close(): Promise<void>;
}

export interface LoadProgress {
  /** Bytes of the source read so far. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** Quads sent to Postgres so far. */
  readonly quads: number;
}

export interface LoadOptions {
  /** Called at most ten times a second, and once when everything is sent. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Aborts the load; nothing is loaded then. */
  readonly signal?: AbortSignal;
  /** Runs in the load's transaction when everything is sent, and is committed with it. */
  readonly alongside?: (client: pg.PoolClient, quads: number) => Promise<unknown>;
}

export interface LoadResult {
  readonly quads: number;
  readonly durationMs: number;
}

const progressIntervalMs = 100;

/**
 * Loads quads into a dataset, in addition to what it holds: all of them in one transaction, or nothing. They
 * are streamed, so their number does not matter; a lock requested meanwhile waits for the load to end. The
 * source is closed when the load ends, however it ends.
 *
 * @param pool its login may assume the role of the schema's owner.
 * @throws DatasetUnknown, DatasetReadOnly, what the source throws, or an AbortError when `signal` fired.
 */
export async function loadDataset(
  pool: pg.Pool,
  code: string,
  source: QuadSource,
  options: LoadOptions = {},
): Promise<LoadResult> {
  const { signal, onProgress } = options;
  const begun = performance.now();
  const tell = (quads: number): void => {
    const { bytesRead, bytesTotal } = source;
    onProgress?.({ bytesRead, bytesTotal, quads });
  };
  try {
    signal?.throwIfAborted();
    const load = async (client: pg.PoolClient): Promise<number> => {
      await client.query(`SET LOCAL ROLE ${roleName('owner')}`);
      const { id } = await getDataset(client, code);
      const copy = client.query(
        copyFrom(`COPY ${quadsTable(id)} (${quadColumns.join(', ')}) FROM STDIN`),
      );
      const rows = copyRows(source.read(), throttled(tell));
      await pipeline(rows, copy, signal === undefined ? {} : { signal });
      tell(copy.rowCount);
      await options.alongside?.(client, copy.rowCount);
      return copy.rowCount;
    };
    const quads = await withTransaction(pool, load, signal);
    return { quads, durationMs: performance.now() - begun };
  } catch (error) {
    // An abort can surface in several ways; whichever was first to throw.
    signal?.throwIfAborted();
    if (isGuardRefusal(error)) {
      throw new DatasetReadOnly(code, error.message, { cause: error });
    }
    throw error;
  } finally {
    await source.close();
  }
}

function throttled(tell: (quads: number) => void): (quads: number) => void {
  let last = 0;
  return (quads) => {
    const now = performance.now();
    if (now - last < progressIntervalMs) return;
    last = now;
    tell(quads);
  };
}
