import { ConnectionFailed, RequestRefused, RequestTimedOut } from './errors.ts';
import { sleep } from './scope.ts';

/**
 * A service that asks for a longer pause than this gets no further request: the error is thrown instead,
 * and its `retryAfterMs` says when to try again.
 */
const longestPauseMs = 300_000;

const firstBackoffMs = 250;
const longestBackoffMs = 15_000;

/** A proxy answers 502 or 504 when its connection was lost. */
const transientStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Whether the same request may succeed if it is sent again. All requests of the client may be repeated. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionFailed || error instanceof RequestTimedOut) return true;
  if (!(error instanceof RequestRefused)) return false;
  // Waiting would not help: jobs must end first or be cancelled, and the caller has to know.
  if (error.code === 'too-many-open-jobs') return false;
  return transientStatuses.has(error.status) || error.code === 'idempotency-in-flight';
}

/**
 * How long to wait before retry number `retry`, from 1, in milliseconds: never less than the service asked for,
 * otherwise growing exponentially. A random part spreads clients that were refused together.
 */
export function pauseBefore(
  retry: number,
  retryAfterMs?: number,
  random: () => number = Math.random,
): number {
  if (retryAfterMs !== undefined) {
    return retryAfterMs + random() * Math.min(1_000, firstBackoffMs + retryAfterMs / 10);
  }
  const ceiling = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (retry - 1));
  return ceiling * (0.5 + random() / 2);
}

/**
 * Calls `attempt` until it succeeds, fails for good, or has been retried `maxRetries` times; then throws its last
 * error. An abort ends it at once, with the signal's reason.
 */
export async function withRetries<T>(
  {
    maxRetries,
    signal,
  }: { readonly maxRetries: number; readonly signal?: AbortSignal | undefined },
  attempt: () => Promise<T>,
): Promise<T> {
  for (let retry = 1; ; retry += 1) {
    try {
      return await attempt();
    } catch (error) {
      const asked = error instanceof RequestRefused ? error.retryAfterMs : undefined;
      if (!isTransient(error) || retry > maxRetries || (asked ?? 0) > longestPauseMs) throw error;
      await sleep(pauseBefore(retry, asked), signal);
    }
  }
}
