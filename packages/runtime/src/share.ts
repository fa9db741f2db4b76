/**
 * Makes a function that does `work` once for all who ask while it is under way, and whose result is handed on
 * for `goodForMs` milliseconds more: what it costs does not depend on how many ask.
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
