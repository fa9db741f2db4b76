import { Overloaded } from '@kasabi/protocol';
import type { RequestHandler } from 'express';

export interface OverloadOptions {
  /** Requests are refused while the event loop is later than this, in milliseconds. */
  readonly maxLagMs: number;
  /** How many requests wait for the database now; more than `maxQueued` are too many. */
  readonly queued: () => number;
  readonly maxQueued: number;
}

/** How often the lateness of the event loop is measured, in milliseconds. */
const sampleMs = 25;

/**
 * Refuses requests with 503 and Retry-After while the process is behind: "try later" at once is better than an answer
 * after the client has given up, and work that is not started lets the rest catch up.
 *
 * The lag is measured with a timer: `monitorEventLoopDelay` has no sample at all if the turns of the loop take longer
 * than the time between two of its resets.
 */
export function createOverloadGuard(options: OverloadOptions): RequestHandler {
  let lagMs = 0;
  let due = performance.now() + sampleMs;
  setInterval(() => {
    const now = performance.now();
    // Smoothed: one long garbage collection is not an overload, but a series of them is.
    lagMs = (lagMs + Math.max(0, now - due)) / 2;
    due = now + sampleMs;
  }, sampleMs).unref();
  return (_request, _response, next) => {
    if (lagMs > options.maxLagMs || options.queued() > options.maxQueued) throw new Overloaded();
    next();
  };
}
