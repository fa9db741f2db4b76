import { eventsOf } from './addresses.ts';
import { hasEnded, type JobDocument, type JobReference, readJobDocument } from './documents.ts';
import { ConnectionFailed, UnexpectedAnswer } from './errors.ts';
import { createEventParser } from './event-stream.ts';
import { isTransient, pauseBefore } from './retry.ts';
import { sleep } from './scope.ts';
import type { SignalOption } from './status.ts';
import type { Transport } from './transport.ts';

/** The service sends something at least this often, if only a comment. */
const defaultHeartbeatMs = 30_000;

const defaultReconnectMs = 1_000;
const longestReconnectMs = 60_000;

/** Follows a job's events to its end, across lost connections. */
export async function* watch(
  transport: Transport,
  job: JobReference,
  { signal, heartbeatMs = defaultHeartbeatMs }: SignalOption & { readonly heartbeatMs?: number },
): AsyncGenerator<JobDocument, void, undefined> {
  const url = eventsOf(transport.addresses.job(job));
  const { maxRetries, timeoutMs } = transport.settings;
  let reconnectMs = defaultReconnectMs;
  let lastId: string | undefined;
  let shown: string | undefined;
  for (let silent = 1; ; silent += 1) {
    const incoming = await transport.open({
      method: 'GET',
      url,
      headers: {
        Accept: 'text/event-stream, application/problem+json;q=0.9',
        ...(lastId ? { 'Last-Event-ID': lastId } : {}),
      },
      signal,
    });
    const parser = createEventParser();
    let trouble: unknown = new ConnectionFailed('The event stream ended before the job.');
    try {
      for await (const text of incoming.chunks(timeoutMs + heartbeatMs)) {
        if (!isEventStream(incoming.response)) throw new UnexpectedAnswer('Not an event stream.');
        silent = 0;
        for (const event of parser.push(text)) {
          lastId = event.id ?? lastId;
          // A service that cannot resume begins with what is already known.
          if (event.type !== 'status' || event.data === shown) continue;
          shown = event.data;
          const document = readJobDocument(event.data);
          yield document;
          if (hasEnded(document)) return;
          signal?.throwIfAborted();
        }
      }
    } catch (error) {
      if (!isTransient(error)) throw error;
      trouble = error;
    }
    if (silent > maxRetries) throw trouble;
    reconnectMs = Math.min(longestReconnectMs, parser.retryMs ?? reconnectMs);
    await sleep(Math.max(pauseBefore(silent + 1), pauseBefore(1, reconnectMs)), signal);
  }
}

function isEventStream(response: Response): boolean {
  return /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '');
}
