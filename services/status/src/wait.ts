import { probeHalfClosed } from '@kasabi/http';
import type { JobRecord } from '@kasabi/jobs';
import { refusalOf } from '@kasabi/protocol';
import type { Request, Response } from 'express';
import type { FoundJob } from './read-job.ts';
import type { News, Watcher } from './watcher.ts';

/** Whether a job has ended; then it never changes again. */
export function hasEnded(record: JobRecord): boolean {
  return record.endTime !== null;
}

export interface WaitOptions {
  readonly watcher: Watcher;
  readonly found: FoundJob;
  /** The wait ends when its connection closes. The response of a pipelined request would not notice that. */
  readonly request: Request;
  /** The answer that the client waits for; if its head has been sent, it is a stream. */
  readonly response: Response;
  /** The wait ends after this many milliseconds at the latest. */
  readonly timeoutMs?: number;
}

/**
 * The job after its next change of state, or undefined if the time is up, the client has gone, or the service
 * stops. A client whose key was revoked, or whose dataset got another owner, before the change was seen is not told of
 * it.
 *
 * @throws Unauthorized or NotFound once the client may no longer see the job: the answer that a new request would get.
 *
 * The timer and the listeners are hand-written because AbortSignal.any holds its sources weakly: a timeout that nothing
 * else holds is garbage-collected and never fires (Node.js 20).
 */
export function waitForChange(options: WaitOptions): Promise<FoundJob | undefined> {
  const { watcher, found, request, response, timeoutMs } = options;
  const { socket } = request;
  return new Promise((resolve, reject) => {
    let unwatch = (): void => undefined;
    let stopProbing = (): void => undefined;
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      unwatch();
      clearTimeout(timer);
      stopProbing();
      socket.off('close', giveUp);
    };
    const giveUp = (): void => {
      end();
      resolve(undefined);
    };
    const onNews = (news: News): void => {
      end();
      if (news.outcome === 'changed') {
        const { record, knownAt } = news;
        resolve({ record, knownAt, access: found.access });
      } else if (news.outcome === 'let-go') resolve(undefined);
      else reject(refusalOf(news.outcome, found.access.datasetCode));
    };
    if (socket.destroyed) {
      resolve(undefined);
      return;
    }
    socket.on('close', giveUp);
    if (timeoutMs !== undefined) timer = setTimeout(giveUp, timeoutMs);
    unwatch = watcher.watch(found, onNews);
    if (!response.headersSent) stopProbing = probe(request, response, giveUp);
  });
}

/**
 * Notices a client that has gone, which looks like one that has only closed its half of the connection: it is sent an
 * interim answer in two parts, which HTTP/1.1 allows before any answer. HTTP/1.0 does not, so there the wait ends with
 * what is known.
 */
function probe(request: Request, response: Response, giveUp: () => void): () => void {
  const { socket } = request;
  // A pipelined request behind another one: the other one notices.
  if (response.socket === null) return () => undefined;
  if (request.httpVersion === '1.0') return probeHalfClosed(socket, giveUp, () => undefined);
  return probeHalfClosed(
    socket,
    () => socket.write('HTTP/1.1 100 Continue\r\n'),
    () => socket.write('\r\n'),
  );
}
