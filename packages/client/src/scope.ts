/** The longest that setTimeout takes; beyond it, it would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * An abort signal of our own that follows the caller's and may have a time limit. Not AbortSignal.any and
 * AbortSignal.timeout: their timers cannot be stopped, and a caller's signal that lives long would gather
 * one follower per request.
 */
export interface Scope {
  readonly signal: AbortSignal;
  /** True when the time limit, and not the caller, has aborted it. */
  readonly timedOut: boolean;
  /**
   * Aborts in so many milliseconds from now, in place of any limit set before; never when undefined, or
   * more than 24 days.
   */
  limit(ms: number | undefined): void;
  /** Lets go of timer and caller. With `abort`, also of whatever still uses the signal. */
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
