/** The longest pause between two attempts, in milliseconds. */
const longestMs = 5 * 60_000;

/**
 * How long to wait before the attempt after `attempt`, in milliseconds: exponential from one second, at
 * most five minutes, of which a random half is taken off so that jobs that failed together part ways.
 *
 * Five minutes, because an attempt costs others something: while it waits for writers, later ones wait
 * behind it, up to LOCK_TIMEOUT_MS. At 10 s in five minutes that is a thirtieth of their time at least, and
 * a fifteenth at most.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(longestMs, 1_000 * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.5 + random() / 2));
}
