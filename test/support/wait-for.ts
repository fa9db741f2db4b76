import { setTimeout as delay } from 'node:timers/promises';

export interface WaitForOptions {
  /** What is waited for, for the message: `the job to complete`. */
  readonly what: string;
  /** 10 s unless set. */
  readonly timeoutMs?: number;
  /** Pause between two looks; 25 ms unless set. */
  readonly everyMs?: number;
}

/** The condition did not come true in time. */
export class WaitTimedOut extends Error {
  readonly code = 'wait-timed-out';
}

/**
 * Looks until `condition` gives something other than undefined, null or false, and resolves to it. A
 * condition that throws is looked at again; its last error is the cause of the time-out.
 *
 * @throws WaitTimedOut
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 10_000, everyMs = 25 }: WaitForOptions,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<T, undefined | null | false>;
      }
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      throw new WaitTimedOut(`Waited ${timeoutMs} ms for ${what}${why}`, { cause });
    }
    await delay(everyMs);
  }
}
