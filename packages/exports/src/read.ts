import { createHash } from 'node:crypto';
import { addAbortSignal, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ExportedFile } from '@kasabi/domain';
import { remembering } from './remembering.ts';
import { type ExportStore, ObjectMissing, StoreUnavailable } from './store.ts';

/** A file is not what the record of its export says. */
export class FileDamaged extends Error {
  readonly code = 'export-file-damaged';
  constructor(object: string, problem: string, options?: ErrorOptions) {
    super(`${object} is damaged: ${problem}`, options);
  }
}

export interface ReadOptions {
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Called with the number of bytes of the file so far. */
  readonly onBytes: (bytes: number) => void;
}

/** The bytes that are decompressed at a time. */
const decompressedAtATime = 256 * 1024;

/**
 * Reads the N-Quads of an export, decompressed. It ends without an error only if the file has the size and the digest
 * that the export had.
 *
 * @throws FileDamaged, ObjectMissing, StoreUnavailable
 */
export async function* readObject(
  store: ExportStore,
  file: ExportedFile,
  { signal, onBytes }: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256');
  let bytes = 0;
  async function* digested(): AsyncGenerator<Uint8Array> {
    if (file.bytes === 0) return;
    try {
      const content = await store.read(file.object, { start: 0, end: file.bytes - 1 });
      addAbortSignal(signal, content);
      for await (const chunk of content as AsyncIterable<Uint8Array>) {
        digest.update(chunk);
        bytes += chunk.length;
        onBytes(bytes);
        yield chunk;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ObjectMissing || error instanceof StoreUnavailable) throw error;
      throw new StoreUnavailable(store.place, 'read', error);
    }
  }
  const source = remembering(digested());
  try {
    yield* file.format === 'nq' ? source.content : decompressed(source.content);
  } catch (error) {
    source.throwIfFailed();
    throw new FileDamaged(file.object, 'it cannot be decompressed.', { cause: error });
  }
  const sha256 = digest.digest('hex');
  if (bytes !== file.bytes || sha256 !== file.sha256) {
    throw new FileDamaged(
      file.object,
      `it has ${bytes} bytes with the SHA-256 ${sha256}, and should have ${file.bytes} with ${file.sha256}.`,
    );
  }
}

function decompressed(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // Whoever reads from it meets the error.
  return pipeline(content, createGunzip({ chunkSize: decompressedAtATime }), () => undefined);
}
