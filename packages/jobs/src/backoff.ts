/**
 * How long to wait before the attempt after `attempt`, in milliseconds: exponential from one second, at
 * most a minute, of which a random half is taken off so that jobs that failed together part ways.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(60_000, 1_000 * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.5 + random() / 2));
}
