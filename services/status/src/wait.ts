import type { Socket } from 'node:net';
import type { JobRecord } from '@kasabi/jobs';
import { type FoundJob, refusalOf } from './read-job.ts';
import type { News, Watcher } from './watcher.ts';

/** Whether a job has ended, so that it never changes again. */
export function hasEnded(record: JobRecord): boolean {
  return record.endTime !== null;
}

export interface WaitOptions {
  readonly watcher: Watcher;
  readonly found: FoundJob;
  /** The wait ends when this closes, or its client sends no more. Not the response: one of a pipeline is not told. */
  readonly socket: Socket;
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
  const { watcher, found, socket, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    let unwatch = (): void => undefined;
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      unwatch();
      clearTimeout(timer);
      socket.off('close', giveUp);
      socket.off('end', giveUp);
    };
    const giveUp = (): void => {
      end();
      resolve(undefined);
    };
    const onNews = (news: News): void => {
      end();
      if (news.outcome === 'changed') resolve(news.record);
      else if (news.outcome === 'released') resolve(undefined);
      else reject(refusalOf(news.outcome, found.access.datasetCode));
    };
    // A client that half-closes has its answer at once: it cannot be told from one that has gone.
    if (socket.destroyed || socket.readableEnded) {
      resolve(undefined);
      return;
    }
    socket.once('close', giveUp);
    socket.once('end', giveUp);
    if (timeoutMs !== undefined) timer = setTimeout(giveUp, timeoutMs);
    unwatch = watcher.watch(found, onNews);
  });
}
