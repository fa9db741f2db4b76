import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RdfFileDamaged, RdfFileUnreadable } from './errors.ts';

/** An open RDF file. */
export interface RdfFile {
  /** Size on disk, compressed or not. */
  readonly bytesTotal: number;
  /** How much of it has been read from disk. */
  readonly bytesRead: number;
  /**
   * Its content, decompressed. Can be read once.
   *
   * @throws RdfFileUnreadable, RdfFileDamaged
   */
  content(): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

const readSize = 256 * 1024;
const gzipMagic = Buffer.from([0x1f, 0x8b]);

/**
 * Opens an RDF file. Gzip is recognized by its first two bytes, whatever the file is called: none of the
 * formats can begin with them.
 *
 * @throws RdfFileUnreadable
 */
export async function openRdfFile(file: string): Promise<RdfFile> {
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new RdfFileUnreadable(file, 'it is not a regular file');
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    const compressed = bytesRead === 2 && buffer.equals(gzipMagic);
    const raw = handle.createReadStream({ start: 0, highWaterMark: readSize });
    return {
      bytesTotal: stats.size,
      get bytesRead() {
        return raw.bytesRead;
      },
      async *content() {
        try {
          yield* compressed ? gunzip(raw) : raw;
        } catch (error) {
          throw isZlibError(error)
            ? new RdfFileDamaged(file, error.message, { cause: error })
            : unreadable(file, error);
        }
      },
      async close() {
        raw.destroy();
        await handle.close();
      },
    };
  } catch (error) {
    await handle.close();
    throw error instanceof RdfFileUnreadable ? error : unreadable(file, error);
  }
}

function gunzip(raw: Readable): AsyncIterable<Buffer> {
  const decompressed = createGunzip({ chunkSize: readSize });
  // An error of either stream ends the other, and surfaces where the output is read.
  pipeline(raw, decompressed, () => undefined);
  return decompressed;
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && /^Z_/.test((error as NodeJS.ErrnoException).code ?? '');
}

function unreadable(file: string, error: unknown): RdfFileUnreadable {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file exists',
    ENOTDIR: 'no such file exists',
    EACCES: 'this user may not read it',
    EISDIR: 'it is a folder',
  };
  return new RdfFileUnreadable(file, reasons[code ?? ''] ?? message, { cause: error });
}
