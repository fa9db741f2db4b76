import type { JobRecord } from '@kasabi/jobs';
import type { Response } from 'express';
import type { Watcher } from './watcher.ts';

/** Whether a job has ended, so that it never changes again. */
export function hasEnded(record: JobRecord): boolean {
  return record.endTime !== null;
}

export interface WaitOptions {
  readonly watcher: Watcher;
  readonly record: JobRecord;
  /** The wait ends when its connection closes. */
  readonly response: Response;
  /** The wait ends when the service stops. */
  readonly stopping: AbortSignal;
  /** The wait ends at this time at the latest. */
  readonly timeout?: AbortSignal;
}

/**
 * The record after its next change of state, or undefined when the time is up, the client has gone, or
 * the service stops.
 */
export async function waitForChange(options: WaitOptions): Promise<JobRecord | undefined> {
  const { watcher, record, response, stopping, timeout } = options;
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once('close', onClose);
  try {
    const signals = [gone.signal, stopping, ...(timeout === undefined ? [] : [timeout])];
    const job = { jobId: record.id, known: record.status };
    return await watcher.next(job, AbortSignal.any(signals));
  } finally {
    response.off('close', onClose);
  }
}
