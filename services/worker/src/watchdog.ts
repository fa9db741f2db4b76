import { oldestDueMs } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';
import type { Verdict } from '@kasabi/queue';
import { createLoop } from '@kasabi/runtime';

export interface WatchdogOptions {
  readonly db: Database;
  /** How long jobs may be due without a delivery to this worker, in milliseconds. */
  readonly stuckAfterMs: number;
  /** Whether this worker has room for another job. */
  readonly hasRoom: () => boolean;
  /** Whether the queue can be reached; while it cannot, `readyz` says so and a restart would not help. */
  readonly queueAnswers: () => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

/**
 * Notices a consumer that has silently stopped: jobs are due, the relay asserts their deliveries, there is room and
 * Redis answers, and yet nothing is delivered. Bugs of the queue library have caused this after reconnects; only a
 * new process is certain to cure it, so `healthz` tells the orchestrator.
 */
export function createWatchdog(options: WatchdogOptions) {
  let quietSince = performance.now();
  let overdue = false;

  async function runOnce(): Promise<void> {
    const idle = performance.now() - quietSince;
    if (!options.hasRoom() || !(await options.queueAnswers())) {
      quietSince = performance.now();
      overdue = false;
      return;
    }
    overdue = idle > options.stuckAfterMs && (await oldestDueMs(options.db)) > options.stuckAfterMs;
  }

  return {
    /** Wraps the processor of deliveries to observe each of them. */
    watch: (process: (jobId: string) => Promise<Verdict>) => (jobId: string) => {
      quietSince = performance.now();
      overdue = false;
      return process(jobId);
    },
    /** Why the process should be restarted, if it should. */
    trouble(): string | undefined {
      const seconds = Math.round((performance.now() - quietSince) / 1_000);
      return overdue
        ? `jobs are due, but none has been delivered to this worker for ${seconds} s`
        : undefined;
    },
    loop: createLoop({
      name: 'watchdog',
      intervalMs: options.stuckAfterMs / 10,
      runOnce,
      onError: options.onError,
    }),
  };
}

export type Watchdog = ReturnType<typeof createWatchdog>;
