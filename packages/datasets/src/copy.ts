import { addAbortSignal } from 'node:stream';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { TermNotExportable } from './errors.ts';
import { quadsTable } from './tables.ts';

export interface CopyRequest {
  readonly datasetId: number;
  /** The name of the session while the transaction lasts; 63 characters at most. */
  readonly sessionName: string;
  /** How long to wait for somebody who alters the table, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** Ends the session, whatever it is doing. */
  readonly signal: AbortSignal;
}

/** A dataset as it was at one moment. */
export interface DatasetCopy {
  /** All that was committed before this time is in it; in RFC 3339. */
  readonly snapshotTime: string;
  /** About how many quads there are, by Postgres's last estimate; null if there is none. */
  readonly estimatedQuads: number | null;
  /** The quads as N-Quads (W3C recommendation "RDF 1.1 N-Quads"), in the order in which they are stored. */
  readonly lines: AsyncIterable<Uint8Array>;
  /** How many quads `lines` has given so far. */
  readonly quads: number;
}

/** The characters that CSV quotes and separates with. No stored term has one, so that CSV quotes nothing. */
const [quote, delimiter] = [1, 2];

const lineFeed = 10;

const line = `subject || ' ' || predicate || ' ' || object || CASE graph WHEN '' THEN ' .' ELSE ' ' || graph || ' .' END`;

/**
 * Reads a dataset in one transaction, and hands it to `use`. It takes no lock that a reader or writer would notice.
 *
 * The table's lock comes before the snapshot: a TRUNCATE between the two would empty the view. CSV, because the text
 * format doubles backslashes.
 *
 * @param pool not in pipeline mode, and without a limit on the time of a statement. The connection is not used again.
 * @throws TermNotExportable
 */
export async function copyDataset<T>(
  pool: pg.Pool,
  request: CopyRequest,
  use: (copy: DatasetCopy) => Promise<T>,
): Promise<T> {
  const { signal } = request;
  signal.throwIfAborted();
  const table = quadsTable(request.datasetId);
  const client = await pool.connect();
  let ended = false;
  const end = (): void => {
    if (!ended) client.release(true);
    ended = true;
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    signal.throwIfAborted();
    // In the transaction: behind a pooler, the session outlives it and is somebody else's then.
    await client.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
       SET LOCAL application_name = ${client.escapeLiteral(request.sessionName)};
       SET LOCAL lock_timeout = ${request.lockTimeoutMs};
       LOCK TABLE ${table} IN ACCESS SHARE MODE`,
    );
    const { rows } = await client.query<Began>(
      `SELECT to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "snapshotTime",
              CASE WHEN reltuples >= 0 THEN reltuples::float8 END AS "estimatedQuads"
       FROM pg_class WHERE oid = $1::regclass`,
      [table],
    );
    const began = rows[0] as Began;
    let quads = 0;
    async function* read(): AsyncGenerator<Uint8Array> {
      const stream = client.query(
        copyTo(
          `COPY (SELECT ${line} FROM ${table}) TO STDOUT (FORMAT csv, QUOTE E'\\x0${quote}', DELIMITER E'\\x0${delimiter}')`,
        ),
      );
      // A session that breaks after the last line was read tells it, too.
      stream.on('error', () => undefined);
      addAbortSignal(signal, stream);
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        if (chunk.includes(quote)) throw new TermNotExportable(request.datasetId);
        for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, at + 1)) {
          quads += 1;
        }
        yield chunk;
      }
      // With its answer, that of COPY has come.
      await client.query('COMMIT');
      if (stream.rowCount !== quads) {
        throw new Error(`Postgres sent ${stream.rowCount} rows, but ${quads} lines came.`);
      }
    }
    return await use({
      ...began,
      lines: read(),
      get quads() {
        return quads;
      },
    });
  } catch (error) {
    // What the end of the session looks like does not matter.
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

type Began = Pick<DatasetCopy, 'snapshotTime' | 'estimatedQuads'>;
