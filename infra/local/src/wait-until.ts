import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** The pause between two checks, in milliseconds; 40 unless set. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks until `condition` is true; resolves to false if the time is up first.
 *
 * @throws what `condition` throws, or the reason of `signal` if that fires.
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  options: WaitOptions,
): Promise<boolean> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    if (await condition()) return true;
    if (performance.now() >= deadline) return false;
    await delay(options.everyMs ?? 40);
  }
}

/** Resolves when the signal fires, or at once if it already has. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
