import { probeHalfClosed } from '@kasabi/http';
import type { JobRecord } from '@kasabi/jobs';
import { refusalOf } from '@kasabi/protocol';
import type { Request, Response } from 'express';
import type { FoundJob } from './read-job.ts';
import type { News, Watcher } from './watcher.ts';

/** Whether a job has ended, so that it never changes again. */
export function hasEnded(record: JobRecord): boolean {
  return record.endTime !== null;
}

export interface WaitOptions {
  readonly watcher: Watcher;
  readonly found: FoundJob;
  /** The wait ends when its connection closes. Of the response, one of a pipeline is not told. */
  readonly request: Request;
  /** What the client waits for; one whose head is sent already is a stream. */
  readonly response: Response;
  /** The wait ends after this many milliseconds at the latest. */
  readonly timeoutMs?: number;
}

/**
 * The record after its next change of state, or undefined when the time is up, the client has gone, or
 * the service stops. A change is told to nobody whose key had been revoked, or whose dataset had gone to
 * another owner, when it was seen.
 *
 * @throws Unauthorized or NotFound once the job may not be seen any more: what a new request is answered.
 *
 * Timer and listeners by hand, for an AbortSignal that stands for several holds those weakly: a time-out
 * that nothing else holds is collected and never comes (Node.js 20).
 */
export function waitForChange(options: WaitOptions): Promise<JobRecord | undefined> {
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
      if (news.outcome === 'changed') resolve(news.record);
      else if (news.outcome === 'let-go') resolve(undefined);
      else reject(refusalOf(news.outcome, found.access.datasetCode));
    };
    if (socket.destroyed) {
      resolve(undefined);
      return;
    }
    socket.once('close', giveUp);
    if (timeoutMs !== undefined) timer = setTimeout(giveUp, timeoutMs);
    unwatch = watcher.watch(found, onNews);
    if (!response.headersSent) stopProbing = probe(request, response, giveUp);
  });
}

/**
 * Keeps a client that has gone from being waited for: it looks like one that has only closed its half of the
 * connection. An interim answer, which HTTP/1.1 allows before every answer, is sent to it in two parts;
 * HTTP/1.0 does not, so that there the wait ends with what is known.
 */
function probe(request: Request, response: Response, giveUp: () => void): () => void {
  const { socket } = request;
  // One of a pipeline, behind another one: that one finds out.
  if (response.socket === null) return () => undefined;
  if (request.httpVersion === '1.0') return probeHalfClosed(socket, giveUp, () => undefined);
  return probeHalfClosed(
    socket,
    () => socket.write('HTTP/1.1 100 Continue\r\n'),
    () => socket.write('\r\n'),
  );
}
