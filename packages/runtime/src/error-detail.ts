const mostKinds = 100;

/**
 * Creates a function that says whether an error is news: true for the first of its kind, and again after
 * `repeatAfterMs` milliseconds. While a dependency is away, everything that needs it fails with the same error.
 */
export function createErrorDetail(repeatAfterMs = 10_000): (error: unknown) => boolean {
  const reported = new Map<string, number>();
  return (error) => {
    const { name = '', message = '', code = '' } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
    const kind = `${name} ${code} ${message}`;
    const last = reported.get(kind);
    // The monotonic clock: the wall clock of this host may be wrong, or jump.
    const now = performance.now();
    if (last !== undefined && now - last < repeatAfterMs) return false;
    if (reported.size >= mostKinds) reported.clear();
    reported.set(kind, now);
    return true;
  };
}
