/** How many requests of a subject have been counted in the current window, including this one. */
export interface Count {
  readonly count: number;
  /** When the window ends, in milliseconds from now. */
  readonly resetMs: number;
}

export interface WindowCounterOptions {
  readonly windowMs: number;
  /** The most subjects that are remembered; beyond that, those whose windows began first are forgotten. */
  readonly mostSubjects?: number;
}

/**
 * Counts requests by subject, each in windows of its own that begin with its first request. The counter is in the
 * memory of this process, and has a limited size: at worst, requests from ever new addresses or with ever new keys
 * make it forget counts early. 50,000 subjects took 9 MB.
 */
export function createWindowCounter(options: WindowCounterOptions) {
  const { windowMs, mostSubjects = 50_000 } = options;
  // In the order in which the windows end: all have the same length, and begin when they are added.
  const windows = new Map<string, { count: number; ends: number }>();

  function forget(now: number): void {
    for (const [subject, { ends }] of windows) {
      if (ends > now && windows.size < mostSubjects) return;
      windows.delete(subject);
    }
  }

  return {
    /** Counts one request. */
    add(subject: string): Count {
      // The monotonic clock: the wall clock of this host may be wrong, or jump.
      const now = performance.now();
      let window = windows.get(subject);
      if (window === undefined || window.ends <= now) {
        windows.delete(subject);
        forget(now);
        window = { count: 0, ends: now + windowMs };
        windows.set(subject, window);
      }
      window.count += 1;
      return { count: window.count, resetMs: window.ends - now };
    },
    /** How many subjects are remembered. */
    get size() {
      return windows.size;
    },
  };
}
