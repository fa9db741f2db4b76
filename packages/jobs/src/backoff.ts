/** The longest pause between two attempts, in milliseconds. */
const longestMs = 5 * 60_000;

/**
 * How long to wait after `attempt` before the next one, in milliseconds: exponential from one second to five minutes,
 * minus up to half of that at random, so that jobs that failed together do not come back together.
 *
 * Five minutes, because attempts cost others something: while one waits for writers, later writers wait behind it, for
 * up to LOCK_TIMEOUT_MS. At 10 s in five minutes that takes between a thirtieth and a fifteenth of their time.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(longestMs, 1_000 * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.5 + random() / 2));
}
