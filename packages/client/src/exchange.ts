import type { Addresses } from './addresses.ts';
import { ClientError, ConnectionFailed, RequestTimedOut, UnexpectedAnswer } from './errors.ts';
import { refusalOf } from './refusal.ts';
import { createScope, type Scope } from './scope.ts';
import type { Settings } from './settings.ts';

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  readonly signal: AbortSignal | undefined;
  /** How long the service is asked to hold its answer, in milliseconds. */
  readonly holdMs?: number;
}

/** An answer whose body has not been read yet. One of the two methods must be called, and completed. */
export interface Incoming {
  readonly response: Response;
  /** The address it came from, after redirects. */
  readonly url: URL;
  /** The whole body. */
  text(): Promise<string>;
  /** The body as it arrives; fails when nothing arrives for `silenceMs`. Leaving the loop closes it. */
  chunks(silenceMs: number): AsyncGenerator<string, void, undefined>;
}

const mostRedirects = 5;

/**
 * Sends one request, once.
 *
 * @throws RequestRefused, ConnectionFailed, RequestTimedOut, UnexpectedAnswer, UntrustedAddress; the
 *   signal's reason when it aborts. The methods of what it resolves to throw the second and third, too.
 */
export async function exchange(
  settings: Settings,
  addresses: Addresses,
  outgoing: Outgoing,
): Promise<Incoming> {
  outgoing.signal?.throwIfAborted();
  const scope = createScope(outgoing.signal);
  const fail = (error: unknown): unknown => {
    scope.end('abort');
    return explain(error, outgoing, scope);
  };
  scope.limit(settings.timeoutMs + (outgoing.holdMs ?? 0));
  try {
    const { response, url } = await follow(settings, addresses, outgoing, scope.signal);
    if (!response.ok && response.status !== 304) {
      throw refusalOf(response, await response.text(), settings.apiKey);
    }
    return {
      response,
      url,
      async text() {
        try {
          const text = await response.text();
          scope.end();
          return text;
        } catch (error) {
          throw fail(error);
        }
      },
      chunks: (silenceMs) => readChunks(response, scope, silenceMs, fail),
    };
  } catch (error) {
    throw fail(error);
  }
}

// Fetch would follow redirects with the key, wherever they lead.
async function follow(
  settings: Settings,
  addresses: Addresses,
  { method, url: first, headers, body }: Outgoing,
  signal: AbortSignal,
): Promise<{ readonly response: Response; readonly url: URL }> {
  let url = first;
  for (let redirects = 0; ; redirects += 1) {
    const response = await settings.fetch(url.href, {
      method,
      headers: {
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
        X_KASABI_APIKEY: settings.apiKey,
      },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal,
    });
    const location = response.headers.get('location');
    const same = response.status === 307 || response.status === 308;
    const moved = same || (method === 'GET' && [301, 302, 303].includes(response.status));
    if (!moved || location === null) return { response, url };
    await response.body?.cancel();
    if (redirects === mostRedirects) {
      throw new UnexpectedAnswer(`The service redirects more than ${mostRedirects} times.`);
    }
    url = addresses.given(location, url);
  }
}

async function* readChunks(
  response: Response,
  scope: Scope,
  silenceMs: number,
  fail: (error: unknown) => unknown,
): AsyncGenerator<string, void, undefined> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      // Only while we wait for the service: the reader may take any time.
      scope.limit(silenceMs);
      const chunk = await reader?.read().catch((error: unknown) => {
        throw fail(error);
      });
      scope.limit(undefined);
      if (chunk === undefined || chunk.done) return;
      yield decoder.decode(chunk.value, { stream: true });
    }
  } finally {
    scope.end('abort');
    await reader?.cancel().catch(() => {});
  }
}

function explain(error: unknown, { method, url, signal }: Outgoing, scope: Scope): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof ClientError) return error;
  // Without the query: the address of a job may have been given with a key in it.
  const what = `${method} ${url.origin}${url.pathname}`;
  if (scope.timedOut) return new RequestTimedOut(`${what} was not answered in time.`);
  return new ConnectionFailed(`${what} was not answered in full: the connection failed.`, {
    cause: error,
  });
}
