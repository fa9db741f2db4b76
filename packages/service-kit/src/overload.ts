import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Overloaded } from '@kasabi/protocol';
import type { RequestHandler } from 'express';

export interface OverloadOptions {
  /** The event loop may be this late, in milliseconds, before requests are turned away. */
  readonly maxLagMs: number;
  /** What waits for the database just now, and how much of it may. */
  readonly queued: () => number;
  readonly maxQueued: number;
}

/** How often the event loop's lateness is looked at, in milliseconds. */
const sampleMs = 250;

export interface OverloadGuard {
  readonly middleware: RequestHandler;
  stop(): void;
}

/**
 * Turns requests away with 503 and Retry-After while the process is behind: an answer at once that says
 * "later" is worth more than one that comes after its client has given up, and work that is not begun
 * lets the rest catch up.
 */
export function createOverloadGuard(options: OverloadOptions): OverloadGuard {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let late = false;
  const timer = setInterval(() => {
    // The mean, not the maximum: one long collection is no overload. Its values are nanoseconds.
    late = delay.mean / 1e6 > options.maxLagMs;
    delay.reset();
  }, sampleMs);
  timer.unref();
  return {
    middleware: (_request, _response, next) => {
      if (late || options.queued() > options.maxQueued) throw new Overloaded();
      next();
    },
    stop() {
      clearInterval(timer);
      delay.disable();
    },
  };
}
