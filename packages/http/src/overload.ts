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
const sampleMs = 25;

export interface OverloadGuard {
  readonly middleware: RequestHandler;
  stop(): void;
}

/**
 * Turns requests away with 503 and Retry-After while the process is behind: an answer at once that says
 * "later" is worth more than one that comes after its client has given up, and work that is not begun
 * lets the rest catch up.
 *
 * The lag is measured with a timer: `monitorEventLoopDelay` has no sample at all of a loop whose turns
 * take longer than the time between two of its resets.
 */
export function createOverloadGuard(options: OverloadOptions): OverloadGuard {
  let lagMs = 0;
  let due = performance.now() + sampleMs;
  const timer = setInterval(() => {
    const now = performance.now();
    // Smoothed: one long collection is no overload, one after the other are.
    lagMs = (lagMs + Math.max(0, now - due)) / 2;
    due = now + sampleMs;
  }, sampleMs);
  timer.unref();
  return {
    middleware: (_request, _response, next) => {
      if (lagMs > options.maxLagMs || options.queued() > options.maxQueued) throw new Overloaded();
      next();
    },
    stop() {
      clearInterval(timer);
    },
  };
}
