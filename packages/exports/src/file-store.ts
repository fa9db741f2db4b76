import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { remembering } from './remembering.ts';
import { type ExportStore, jobOfObject, ObjectMissing, StoreUnavailable } from './store.ts';

/** Ends the names of files that are being written. */
const partial = '.part';

/** The bytes that are read at a time: with 64 KiB, a download took a third longer. */
const readAtATime = 256 * 1024;

/**
 * A store in a folder, which workers and status services share. A file is written under a temporary name, synced,
 * renamed, and its folder synced: whoever sees its name sees all of it, also after a loss of power.
 */
export function openFileStore(folder: string): ExportStore {
  const fileOf = (object: string): string => path.join(folder, object);

  async function failing<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof ObjectMissing ? error : new StoreUnavailable(folder, doing, error);
    }
  }

  async function write(
    object: string,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const temporary = fileOf(object + partial);
    await failing('written', () => mkdir(folder, { recursive: true }));
    try {
      const file = createWriteStream(temporary, { flags: 'wx', flush: true });
      const source = remembering(content);
      await pipeline(source.content, file, { signal }).catch((error: unknown) => {
        signal.throwIfAborted();
        source.throwIfFailed();
        throw new StoreUnavailable(folder, 'written', error);
      });
      signal.throwIfAborted();
      await failing('written', async () => {
        await rename(temporary, fileOf(object));
        await syncFolder(folder);
      });
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  return {
    place: folder,
    write,
    read: (object, range) =>
      failing('read', async () => {
        const file = await openExisting(fileOf(object), object);
        return createReadStream('', { ...range, fd: file, highWaterMark: readAtATime });
      }),
    sign: undefined,
    async *list() {
      let names: AsyncIterable<{ readonly name: string }>;
      try {
        names = await opendir(folder);
      } catch (error) {
        if (isMissing(error)) return;
        throw new StoreUnavailable(folder, 'listed', error);
      }
      for await (const { name } of names) {
        const isPartial = name.endsWith(partial);
        const object = isPartial ? name.slice(0, -partial.length) : name;
        const jobId = jobOfObject(object);
        if (jobId === undefined) continue;
        yield { jobId, object, ...(isPartial && { unfinished: name }) };
      }
    },
    remove: ({ object, unfinished }) =>
      failing('changed', () => rm(fileOf(unfinished ?? object), { force: true })),
    check: () =>
      failing('written', async () => {
        await mkdir(folder, { recursive: true });
        const probe = fileOf(`.probe-${process.pid}`);
        const file = await open(probe, 'w');
        try {
          await file.writeFile('A worker writes this to find out whether it can.\n');
          await file.sync();
        } finally {
          await file.close();
          await rm(probe, { force: true });
        }
      }),
    close: () => undefined,
  };
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function openExisting(file: string, object: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (error) {
    throw isMissing(error) ? new ObjectMissing(object) : error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
