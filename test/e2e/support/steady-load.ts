import { ask } from '@kasabi/test/support/client';
import type { PrivateStack } from '@kasabi/test/support/private-servers';

/** One request of a steady stream; times are milliseconds since the stream began. */
export interface Sent {
  readonly atMs: number;
  readonly tookMs: number;
  /** 0 when the connection broke. */
  readonly status: number;
  readonly retryAfter: string | null;
  /** The job's URL, of one that was accepted. */
  readonly location: string | null;
}

/** A stream of requests for resets, at a steady pace whatever the answers are. */
export interface SteadyLoad {
  /** Milliseconds since the stream began. */
  now(): number;
  /** The URL of the job that was accepted last. */
  lastLocation(): string | undefined;
  /** Ends the stream and resolves to all requests, answered. */
  stop(): Promise<readonly Sent[]>;
}

/** Asks for resets of these datasets in turn, `perSecond` a second. */
export function startSteadyLoad(
  stack: PrivateStack,
  datasets: readonly string[],
  perSecond: number,
): SteadyLoad {
  const requests: Promise<Sent>[] = [];
  const begun = performance.now();
  let last: string | undefined;
  const now = (): number => performance.now() - begun;

  async function send(dataset: string): Promise<Sent> {
    const atMs = now();
    try {
      const { status, headers } = await ask(
        `${stack.api.url}/dataset/${dataset}/jobs?jobType=reset`,
        { method: 'POST', headers: { X_KASABI_APIKEY: stack.key } },
      );
      const [retryAfter, location] = [headers.get('retry-after'), headers.get('location')];
      last = location ?? last;
      return { atMs, tookMs: now() - atMs, status, retryAfter, location };
    } catch {
      return { atMs, tookMs: now() - atMs, status: 0, retryAfter: null, location: null };
    }
  }

  const timer = setInterval(() => {
    // As many as are due by now: a timer that comes late must not thin the stream.
    while (requests.length < (now() / 1_000) * perSecond) {
      requests.push(send(datasets[requests.length % datasets.length] as string));
    }
  }, 1_000 / perSecond);

  return {
    now,
    lastLocation: () => last,
    stop() {
      clearInterval(timer);
      return Promise.all(requests);
    },
  };
}

/** The value that this share of them does not exceed; `share` 0.5 for the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
