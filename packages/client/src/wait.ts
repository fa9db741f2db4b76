import {
  type EndedJobDocument,
  hasEnded,
  type JobDocument,
  type JobReference,
  readJobDocument,
} from './documents.ts';
import { InvalidArgument, UnexpectedAnswer, WaitTimedOut } from './errors.ts';
import { readRetryAfter } from './retry-after.ts';
import { createScope, sleep } from './scope.ts';
import type { Answer, Transport } from './transport.ts';

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait, in milliseconds; unlimited unless set. */
  readonly timeoutMs?: number | undefined;
}

/** The service would hold for 60 s, but some proxies cut off connections that are silent for half a minute. */
const holdSeconds = 25;

/** An answer that came sooner was not held. */
const heldAtLeastMs = 1_000;

const defaultPollMs = 2_000;
const shortestPollMs = 250;
/** A job scheduled for next year may still be cancelled today. */
const longestPollMs = 3_600_000;

/** Waits for a job's end with requests that the service holds, or else by polling as it advises. */
export async function wait(
  transport: Transport,
  job: JobReference,
  { signal, timeoutMs }: WaitOptions = {},
): Promise<EndedJobDocument> {
  const url = transport.addresses.job(job);
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
    throw new InvalidArgument('timeoutMs must be 0 or more.');
  }
  const scope = createScope(signal);
  scope.limit(timeoutMs);
  let known: JobDocument | undefined;
  let tag: string | null = null;
  try {
    for (;;) {
      const asked = performance.now();
      const answer = await transport.send({
        method: 'GET',
        url,
        headers: {
          Prefer: `wait=${holdSeconds}`,
          ...(tag === null ? {} : { 'If-None-Match': tag }),
        },
        holdMs: holdSeconds * 1_000,
        signal: scope.signal,
      });
      const document = answer.status === 304 ? known : readJobDocument(answer.text);
      if (document === undefined) throw new UnexpectedAnswer('304 to a request without an ETag.');
      if (hasEnded(document)) return document;
      const changed = document.status !== known?.status;
      const held = performance.now() - asked >= heldAtLeastMs;
      known = document;
      tag = answer.headers.get('etag') ?? tag;
      if (!mayHold(answer)) await sleep(pollPause(answer), scope.signal);
      // Released early, by a service that stops or one that only claims to hold: avoid a tight loop.
      else if (!(changed || held)) await sleep(defaultPollMs, scope.signal);
    }
  } catch (error) {
    if (!scope.timedOut || signal?.aborted) throw error;
    throw new WaitTimedOut(
      `After ${timeoutMs} ms the job had not ended${known ? `; it was ${known.status}` : ''}.`,
    );
  } finally {
    scope.end();
  }
}

function mayHold(answer: Answer): boolean {
  return /(^|[,;])\s*wait\s*=\s*"?0*[1-9]/i.test(answer.headers.get('preference-applied') ?? '');
}

function pollPause(answer: Answer): number {
  const advised = readRetryAfter(answer.headers) ?? defaultPollMs;
  return Math.min(longestPollMs, Math.max(shortestPollMs, advised));
}
