import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { isGuardRefusal, roleName, withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DatasetReadOnly } from './load-errors.ts';
import { copyRows } from './load-rows.ts';
import { openRdfFile, type RdfFile } from './rdf-file.ts';
import { rdfFormatOf } from './rdf-format.ts';
import { checkBaseIri, parseRdf } from './rdf-parse.ts';
import { decodeUtf8 } from './rdf-text.ts';
import { getDataset } from './registry.ts';
import { quadColumns, quadsTable } from './tables.ts';

export interface LoadProgress {
  /** Bytes of the file read so far; of a compressed file, compressed ones. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** Quads sent to Postgres so far. */
  readonly quads: number;
}

export interface LoadOptions {
  /**
   * What relative IRIs of Turtle and TriG are resolved against until the file declares a base. Without
   * either, a relative IRI is a syntax error.
   */
  readonly baseIri?: string;
  /** Called at most ten times a second, and once when all is sent. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Ends the load; nothing is loaded then. */
  readonly signal?: AbortSignal;
  /** Runs in the load's transaction when all is sent, and is committed with it. */
  readonly alongside?: (client: pg.PoolClient, quads: number) => Promise<unknown>;
}

export interface LoadResult {
  readonly quads: number;
  readonly durationMs: number;
}

const progressIntervalMs = 100;

/**
 * Loads an RDF file into a dataset, beside what it holds: all of it in one transaction, or nothing.
 * The format goes by the extension (.nq, .nt, .ttl, .trig, each with or without .gz). The file is
 * streamed, so its size does not matter; a lock that is asked for meanwhile waits for the load's end.
 *
 * Blank nodes are new ones in every load.
 *
 * @param pool its login may assume the role of the schema's owner.
 * @throws DatasetUnknown, DatasetReadOnly, RdfFormatUnknown, RdfFileUnreadable, RdfFileDamaged,
 * RdfSyntaxError, BaseIriInvalid, or an AbortError when `signal` fired.
 */
export async function loadDataset(
  pool: pg.Pool,
  code: string,
  source: string,
  options: LoadOptions = {},
): Promise<LoadResult> {
  const { baseIri, signal } = options;
  const begun = performance.now();
  signal?.throwIfAborted();
  const format = rdfFormatOf(source);
  if (baseIri !== undefined) checkBaseIri(baseIri);
  const file = await openRdfFile(source);
  try {
    const load = async (client: pg.PoolClient): Promise<number> => {
      await client.query(`SET LOCAL ROLE ${roleName('owner')}`);
      const { id } = await getDataset(client, code);
      const copy = client.query(
        copyFrom(`COPY ${quadsTable(id)} (${quadColumns.join(', ')}) FROM STDIN`),
      );
      const text = decodeUtf8(file.content(), source);
      const parsed = parseRdf(text, {
        file: source,
        format,
        ...(baseIri !== undefined && { baseIri }),
      });
      const rows = copyRows(parsed, blankNodeScope(), reporter(file, options.onProgress));
      await pipeline(rows, copy, signal === undefined ? {} : { signal });
      const { bytesRead, bytesTotal } = file;
      options.onProgress?.({ bytesRead, bytesTotal, quads: copy.rowCount });
      await options.alongside?.(client, copy.rowCount);
      return copy.rowCount;
    };
    const quads = await withTransaction(pool, load, signal);
    return { quads, durationMs: performance.now() - begun };
  } catch (error) {
    // Whichever of the ways an abort takes was the first to throw.
    signal?.throwIfAborted();
    if (isGuardRefusal(error)) {
      throw new DatasetReadOnly(code, error.message, { cause: error });
    }
    throw error;
  } finally {
    await file.close();
  }
}

/** 64 random bits: no two loads share a scope, not even by way of a dump and a restore. */
function blankNodeScope(): string {
  return `x${randomBytes(8).toString('hex')}-`;
}

function reporter(file: RdfFile, onProgress: LoadOptions['onProgress']): (rows: number) => void {
  let last = 0;
  return (quads) => {
    const now = performance.now();
    if (now - last < progressIntervalMs) return;
    last = now;
    onProgress?.({ bytesRead: file.bytesRead, bytesTotal: file.bytesTotal, quads });
  };
}
