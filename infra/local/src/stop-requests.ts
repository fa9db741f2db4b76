import { environment } from './env.ts';

/** What the outside asked of this process. */
export interface StopRequests {
  /** Fires at the first request to stop. */
  readonly stop: AbortSignal;
  /** Fires at a second one, of somebody who does not want to wait. */
  readonly hurry: AbortSignal;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

// A Ctrl-C arrives twice, from the terminal and forwarded by npm, some milliseconds apart.
const echoMs = 500;

/**
 * Listens for SIGINT, SIGTERM and SIGHUP, and for the end of the npm that started this process: one that
 * is killed outright, or whose shell does not hand signals on, tells nobody.
 */
export function listenForStop(): StopRequests {
  const stop = new AbortController();
  const hurry = new AbortController();
  let first = 0;
  const request = (): void => {
    if (!stop.signal.aborted) {
      first = performance.now();
      stop.abort();
    } else if (performance.now() - first > echoMs) {
      hurry.abort();
    }
  };
  for (const name of signals) process.on(name, request);
  if (environment()['npm_lifecycle_event'] !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent && !stop.signal.aborted) request();
    }, 250).unref();
  }
  return { stop: stop.signal, hurry: hurry.signal };
}

/** Resolves when the signal fires, at once if it has. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
