import type { Logger } from './log.ts';

/** The same trouble is repeated in the log no sooner than after this many milliseconds. */
const repeatAfterMs = 30_000;

/**
 * Makes a function that warns of errors that come again and again while something is away, such as every
 * attempt to reconnect: the first of each text, then one in half a minute.
 */
export function throttledWarning(log: Logger, message: string): (error: unknown) => void {
  const reported = new Map<string, number>();
  return (error) => {
    const { message: text = '', code = '' } = error as Partial<NodeJS.ErrnoException>;
    const trouble = `${code} ${text}`;
    const last = reported.get(trouble);
    // The monotonic clock: the wall clock of this host may be wrong or jump.
    const now = performance.now();
    if (last !== undefined && now - last < repeatAfterMs) return;
    if (reported.size > 100) reported.clear();
    reported.set(trouble, now);
    log.warn({ err: error }, message);
  };
}
