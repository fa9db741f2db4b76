import { createErrorDetail } from './error-detail.ts';
import type { Logger } from './log.ts';

/** The same error is logged again no sooner than after this many milliseconds. */
const repeatAfterMs = 30_000;

/**
 * Creates a function that logs a warning for errors that repeat while something is away, such as every attempt to
 * reconnect: the first of its kind, then one every half a minute.
 */
export function throttledWarning(log: Logger, message: string): (error: unknown) => void {
  const isNews = createErrorDetail(repeatAfterMs);
  return (error) => {
    if (isNews(error)) log.warn({ err: error }, message);
  };
}
