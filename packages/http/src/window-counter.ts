/** How many requests of a subject were counted in the present window, this one among them. */
export interface Count {
  readonly count: number;
  /** When the window ends, in milliseconds from now. */
  readonly resetMs: number;
}

export interface WindowCounterOptions {
  readonly windowMs: number;
  /** So many subjects are remembered; of more, those counted longest ago are forgotten. */
  readonly mostSubjects?: number;
}

/** Counts requests by subject, each in windows of its own that begin with its first request. */
export interface WindowCounter {
  add(subject: string): Count;
  /** How many were counted in its present window. */
  of(subject: string): number;
  /** How many subjects are remembered. */
  readonly size: number;
}

/**
 * A counter of one process, in memory, whose size has a bound: whoever comes from ever new addresses, or
 * with ever new keys, at worst makes it forget counts early. 50,000 subjects took 9 MB.
 */
export function createWindowCounter(options: WindowCounterOptions): WindowCounter {
  const { windowMs, mostSubjects = 50_000 } = options;
  // In the order in which their windows end, for all are of one length and begin when they are put here.
  const windows = new Map<string, { count: number; ends: number }>();

  function forget(now: number): void {
    for (const [subject, { ends }] of windows) {
      if (ends > now && windows.size < mostSubjects) return;
      windows.delete(subject);
    }
  }

  return {
    add(subject) {
      // The monotonic clock: the wall clock of this host may be wrong or jump.
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
    of(subject) {
      const window = windows.get(subject);
      return window === undefined || window.ends <= performance.now() ? 0 : window.count;
    },
    get size() {
      return windows.size;
    },
  };
}
