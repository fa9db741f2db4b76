/**
 * Creates a function that does `work` once for all callers while it is under way, and reuses its result for
 * `goodForMs` milliseconds. So the cost does not depend on how many call it.
 */
export function share<T>(work: () => Promise<T>, goodForMs: number): () => Promise<T> {
  let current: Promise<T> | undefined;
  let goodUntil = Number.POSITIVE_INFINITY;
  return () => {
    if (current !== undefined && performance.now() < goodUntil) return current;
    goodUntil = Number.POSITIVE_INFINITY;
    const begun = work();
    current = begun;
    begun.then(
      () => {
        goodUntil = performance.now() + goodForMs;
      },
      () => {
        current = undefined;
      },
    );
    return begun;
  };
}
