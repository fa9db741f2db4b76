import { pipeline } from 'node:stream/promises';
import { type ExportedFile, fileOf } from '@kasabi/domain';
import { type ByteRange, type ExportStore, ObjectMissing, StoreUnavailable } from '@kasabi/exports';
import { type Handlers, heldForClient, isFresh, singleHeader } from '@kasabi/http';
import type { JobRecord } from '@kasabi/jobs';
import { FileExpired, NotFound, RangeNotSatisfiable, Unavailable } from '@kasabi/protocol';
import type { Request, Response } from 'express';
import type { Held } from './held.ts';
import type { JobReader } from './read-job.ts';

export interface ExportHandlersOptions {
  readonly jobs: JobReader;
  readonly held: Held;
  readonly store: ExportStore;
  /** Whether clients are sent on to the store, if it has addresses for that. */
  readonly redirects: boolean;
}

/** The handler that gives an export's file to its owner: RFC 9110, sections 13 and 14. */
export function exportHandlers(
  options: ExportHandlersOptions,
): Pick<Handlers<'exports'>, 'downloadExport'> {
  const { store } = options;

  async function redirect(response: Response, job: JobRecord, file: ExportedFile): Promise<void> {
    const address = await ofStore(() =>
      store.sign?.(file.object, {
        contentType: contentTypes[file.format],
        contentDisposition: dispositionOf(job, file),
      }),
    );
    response.status(307).set({ Location: address, 'Cache-Control': 'no-store' }).end();
  }

  async function send(request: Request, response: Response, file: ExportedFile): Promise<void> {
    const range = rangeOf(request, file);
    const bytes = range ?? { start: 0, end: file.bytes - 1 };
    response.status(range === undefined ? 200 : 206);
    if (range !== undefined) {
      response.set('Content-Range', `bytes ${range.start}-${range.end}/${file.bytes}`);
    }
    response.set('Content-Length', String(bytes.end - bytes.start + 1));
    if (request.method === 'HEAD' || file.bytes === 0) {
      response.end();
      return;
    }
    heldForClient(response);
    const content = await ofStore(() => store.read(file.object, bytes));
    // If the client goes, or the store breaks off, the connection ends: the client sees that it has not got all.
    await pipeline(content, response).catch(() => undefined);
  }

  return {
    async downloadExport(request, response) {
      const found = await options.jobs.read(request);
      const { record } = found;
      const file = fileOf(record.result);
      if (file === undefined) {
        throw new NotFound(`This ${record.type} has no file: it is ${record.status}.`);
      }
      if (Date.parse(file.expires) <= Date.now()) throw new FileExpired(file.expires);
      const tag = `"${file.sha256}"`;
      response.set({
        ETag: tag,
        'Cache-Control': 'private, no-cache',
        'Repr-Digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
      });
      if (isFresh(request, tag)) {
        response.status(304).end();
        return;
      }
      // The store signs addresses for GET only.
      if (options.redirects && store.sign !== undefined && request.method === 'GET') {
        await redirect(response, record, file);
        return;
      }
      response.set({
        'Accept-Ranges': 'bytes',
        'Content-Type': contentTypes[file.format],
        'Content-Disposition': dispositionOf(record, file),
      });
      const endHold = options.held.hold(request, found);
      try {
        await send(request, response, file);
      } catch (error) {
        // Of the file, nothing was sent.
        for (const name of ofFile) response.removeHeader(name);
        throw error instanceof ObjectMissing ? new FileExpired(file.expires) : error;
      } finally {
        endHold();
      }
    },
  };
}

/** The headers that an error in place of the file must not have. */
const ofFile = ['ETag', 'Repr-Digest', 'Accept-Ranges', 'Content-Disposition', 'Content-Range'];

const contentTypes = { 'nq.gz': 'application/gzip', nq: 'application/n-quads' } as const;

/** A name that says which dataset it is, as it was when. */
function dispositionOf({ dataset }: JobRecord, { snapshotTime, format }: ExportedFile): string {
  const time = new Date(snapshotTime).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `attachment; filename="${dataset}-${time}.${format}"`;
}

/**
 * The range that a request asks for; undefined for the whole file: it asks for none, for several, for one that cannot be
 * understood, or for one of a file that it has an older version of.
 *
 * @throws RangeNotSatisfiable
 */
function rangeOf(request: Request, { bytes, sha256 }: ExportedFile): ByteRange | undefined {
  if (request.method !== 'GET') return undefined;
  const condition = singleHeader(request, 'if-range');
  if (condition !== undefined && condition.trim() !== `"${sha256}"`) return undefined;
  const [, first = '', last = ''] = oneRange.exec(singleHeader(request, 'range') ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  if (start > end) throw new RangeNotSatisfiable(bytes);
  return { start, end };
}

/** One range of bytes. Express's `range` refuses a suffix that is longer than the file, which is the whole file. */
const oneRange = /^\s*bytes\s*=\s*(\d*)-(\d*)\s*$/i;

async function ofStore<T>(work: () => T): Promise<Awaited<T>> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw Object.assign(new Unavailable('the store of its files'), { cause: error });
  }
}
