import { createLoop, type JobRecord, type Loop, readChanges } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';
import type { JobStatus } from '@kasabi/protocol';

export interface WatcherOptions {
  readonly db: Database;
  /** Pause between looks at the records, in milliseconds. */
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
}

/** Waits for jobs to change state, for any number of waiters at the cost of one statement a round. */
export interface Watcher {
  /**
   * Resolves with the record once the job's status is another than `known`, or with undefined once
   * `signal` aborts.
   */
  next(
    job: { readonly jobId: string; readonly known: JobStatus },
    signal: AbortSignal,
  ): Promise<JobRecord | undefined>;
  /** How many wait just now. */
  readonly waiting: number;
  readonly loop: Loop;
}

interface Waiter {
  readonly known: JobStatus;
  readonly tell: (record: JobRecord) => void;
}

/**
 * Polls rather than LISTENs: a NOTIFY in each transition would serialise all commits on one lock, and
 * does not reach a replica, from which this service may read. A round with nobody waiting asks nothing.
 */
export function createWatcher(options: WatcherOptions): Watcher {
  const waiters = new Map<string, Set<Waiter>>();
  let waiting = 0;

  async function runOnce(): Promise<void> {
    if (waiters.size === 0) return;
    // Waiters of one job nearly always know the same; those that know another status are asked for too.
    const asked = [...waiters].flatMap(([jobId, set]) =>
      [...new Set([...set].map((waiter) => waiter.known))].map((status) => ({ jobId, status })),
    );
    for (const record of await readChanges(options.db, asked)) {
      for (const waiter of waiters.get(record.id) ?? []) {
        if (waiter.known !== record.status) waiter.tell(record);
      }
    }
  }

  return {
    next({ jobId, known }, signal) {
      return new Promise((resolve) => {
        if (signal.aborted) {
          resolve(undefined);
          return;
        }
        const end = (record: JobRecord | undefined): void => {
          signal.removeEventListener('abort', onAbort);
          const set = waiters.get(jobId);
          if (set?.delete(waiter)) waiting -= 1;
          if (set?.size === 0) waiters.delete(jobId);
          resolve(record);
        };
        const onAbort = (): void => end(undefined);
        const waiter: Waiter = { known, tell: end };
        const set = waiters.get(jobId) ?? new Set();
        waiters.set(jobId, set.add(waiter));
        waiting += 1;
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
    get waiting() {
      return waiting;
    },
    loop: createLoop({
      name: 'watcher',
      intervalMs: options.intervalMs,
      runOnce,
      onError: options.onError,
    }),
  };
}
