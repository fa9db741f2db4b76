/** The longest delay of setTimeout; with more, it fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * An abort signal of our own that follows the caller's and may have a time limit. Not AbortSignal.any and
 * AbortSignal.timeout: their timers cannot be stopped, and a long-lived signal of the caller would collect
 * one follower per request.
 */
export interface Scope {
  readonly signal: AbortSignal;
  /** True when the time limit, not the caller, has aborted it. */
  readonly timedOut: boolean;
  /**
   * Aborts after this many milliseconds, replacing any earlier limit; never when undefined or more than 24
   * days.
   */
  limit(ms: number | undefined): void;
  /** Releases the timer and the caller's signal. With `abort`, also ends everything that uses this signal. */
  end(how?: 'abort'): void;
}

/** Makes a scope within the caller's signal. Each must be ended. */
export function createScope(outer: AbortSignal | undefined): Scope {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timedOut = false;
  const follow = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  else outer?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    get timedOut() {
      return timedOut;
    },
    limit(ms) {
      clearTimeout(timer);
      if (ms === undefined || ms > longestTimerMs || controller.signal.aborted) return;
      timer = setTimeout(() => {
        timedOut = true;
        controller.abort(new DOMException('The time limit was reached.', 'TimeoutError'));
      }, ms);
    },
    end(how) {
      clearTimeout(timer);
      outer?.removeEventListener('abort', follow);
      if (how === 'abort') controller.abort();
    },
  };
}

/** Waits; rejects with the signal's reason as soon as it aborts. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(ms, longestTimerMs),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
