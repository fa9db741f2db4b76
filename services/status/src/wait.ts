import type { Socket } from 'node:net';
import type { JobRecord } from '@kasabi/jobs';
import type { Watcher } from './watcher.ts';

/** Whether a job has ended, so that it never changes again. */
export function hasEnded(record: JobRecord): boolean {
  return record.endTime !== null;
}

export interface WaitOptions {
  readonly watcher: Watcher;
  readonly record: JobRecord;
  /** The wait ends when this closes. Not the response: one of a pipeline is not told. */
  readonly socket: Socket;
  /** The wait ends after this many milliseconds at the latest. */
  readonly timeoutMs?: number;
}

/**
 * The record after its next change of state, or undefined when the time is up, the client has gone, or
 * the service stops.
 *
 * Timer and listeners by hand, for an AbortSignal that stands for several holds those weakly: a time-out
 * that nothing else holds is collected and never comes (Node.js 20).
 */
export function waitForChange(options: WaitOptions): Promise<JobRecord | undefined> {
  const { watcher, record, socket, timeoutMs } = options;
  return new Promise((resolve) => {
    let unwatch = (): void => undefined;
    let timer: NodeJS.Timeout | undefined;
    const end = (changed: JobRecord | undefined): void => {
      unwatch();
      clearTimeout(timer);
      socket.off('close', onClose);
      resolve(changed);
    };
    const onClose = (): void => end(undefined);
    if (socket.destroyed) {
      resolve(undefined);
      return;
    }
    socket.once('close', onClose);
    if (timeoutMs !== undefined) timer = setTimeout(end, timeoutMs, undefined);
    unwatch = watcher.watch(record, end);
  });
}
