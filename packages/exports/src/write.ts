import { createHash, randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { ExportFormat } from '@kasabi/domain';
import { type ExportStore, objectName } from './store.ts';

export interface WriteRequest {
  readonly jobId: string;
  readonly format: ExportFormat;
  /** The N-Quads. */
  readonly lines: AsyncIterable<Uint8Array>;
  /** Aborts the write, which then leaves nothing. */
  readonly signal: AbortSignal;
  /** Called with the size of the file so far. */
  readonly onBytes: (bytes: number) => void;
}

export interface WrittenObject {
  readonly object: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** The bytes that are compressed at a time: fewer turns between the threads. */
const compressedAtATime = 256 * 1024;

/** Writes lines to a store as a new object, compressed if its format is, and returns what is in it. */
export async function writeObject(
  store: ExportStore,
  request: WriteRequest,
): Promise<WrittenObject> {
  const { format, signal, onBytes } = request;
  const object = objectName(request.jobId, randomBytes(8).toString('hex'), format);
  const digest = createHash('sha256');
  let bytes = 0;
  async function* digested(): AsyncGenerator<Uint8Array> {
    const content = format === 'nq' ? request.lines : compressed(request.lines);
    for await (const chunk of content) {
      digest.update(chunk);
      bytes += chunk.length;
      onBytes(bytes);
      yield chunk;
    }
  }
  await store.write(object, digested(), signal);
  return { object, bytes, sha256: digest.digest('hex') };
}

function compressed(lines: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: compressedAtATime });
  // Whoever reads from it meets the error.
  return pipeline(lines, gzip, () => undefined);
}
