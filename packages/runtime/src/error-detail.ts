/** The same error is logged with its stack no sooner than after this many milliseconds. */
const repeatAfterMs = 10_000;
const mostKinds = 100;

/**
 * Makes a function that says whether an error is to be logged in full: the first of its kind, then one in
 * ten seconds. While a dependency is away, every request fails of the same cause.
 */
export function createErrorDetail(): (error: unknown) => boolean {
  const reported = new Map<string, number>();
  return (error) => {
    const { name = '', message = '', code = '' } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
    const kind = `${name} ${code} ${message}`;
    const last = reported.get(kind);
    // The monotonic clock: the wall clock of this host may be wrong or jump.
    const now = performance.now();
    if (last !== undefined && now - last < repeatAfterMs) return false;
    if (reported.size >= mostKinds) reported.clear();
    reported.set(kind, now);
    return true;
  };
}
