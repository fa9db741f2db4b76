import { environment } from './env.ts';

/**
 * Fires at SIGINT, SIGTERM and SIGHUP, and when the npm that started this process ends: an npm that is killed, or whose
 * shell does not forward signals, sends none. Further requests change nothing, because each step of a stop has a
 * deadline.
 */
export function listenForStop(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => stop.abort());
  if (environment()['npm_lifecycle_event'] !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) stop.abort();
    }, 250).unref();
  }
  return stop.signal;
}
