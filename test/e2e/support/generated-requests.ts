import fc from 'fast-check';
import { body, formOf, latin1, mostly, type Pairs, pairs, text, token } from './generated-parts.ts';

/** A generated request: its bytes, and what they say as far as it was meant. */
export interface GeneratedRequest {
  readonly host: 'api' | 'status';
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** How the end of the body is told; `short`: the Content-Length is less than it has. */
  readonly framing: 'length' | 'chunked' | 'short';
}

/** What a good request is made of. */
export interface Surroundings {
  readonly key: string;
  readonly dataset: string;
  readonly jobId: string;
}

function target({ dataset, jobId }: Surroundings, host: 'api' | 'status'): fc.Arbitrary<string> {
  const good =
    host === 'api'
      ? [`/dataset/${dataset}/jobs`]
      : [
          `/data/${dataset}/jobs/${jobId}`,
          `/data/${dataset}/jobs`,
          `/dataset/${dataset}/status`,
          `/dataset/${dataset}`,
        ];
  // Spaces and control characters would end the request line, and be a matter of HTTP alone.
  const segment = fc
    .oneof(text, fc.constantFrom('dataset', 'data', 'jobs', 'status', dataset))
    .map((it) =>
      Buffer.from(it, 'utf8')
        .toString('latin1')
        .replace(/[\0-\x20\x7f?#]/g, '%'),
    );
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...good).map((it) => `http://h.example${it}/`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...['/healthz', '/', '*', '//', '/dataset', `/dataset//${dataset}`],
        ...[`/dataset/${dataset}/jobs/${jobId}`, `/dataset/${dataset}.ttl`, '/dataset/no.such'],
      ),
    },
    { weight: 2, arbitrary: fc.array(segment, { maxLength: 5 }).map((it) => `/${it.join('/')}`) },
  );
}

function headers(key: string, type: string): fc.Arbitrary<string[]> {
  const name = fc.constantFrom('X_KASABI_APIKEY', 'X-Kasabi-Apikey', 'x-kasabi-apikey');
  const keyLine = fc.oneof(
    { weight: 8, arbitrary: name.map((it) => [`${it}: ${key}`]) },
    { weight: 1, arbitrary: fc.constant([`Authorization: Bearer ${key}`]) },
    { weight: 1, arbitrary: fc.tuple(name, latin1).map(([it, value]) => [`${it}: ${value}`]) },
    { weight: 1, arbitrary: fc.constant([`X_KASABI_APIKEY: ${key}`, 'X-Kasabi-Apikey: another']) },
    { weight: 1, arbitrary: fc.constant([]) },
  );
  const typeLine = fc.oneof(
    { weight: 8, arbitrary: fc.constant(type === '' ? [] : [`Content-Type: ${type}`]) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(';charset=utf-8', '; charset="UTF-8"', '; charset=utf-16', ';', '; a=b')
        .map((it) => [`Content-Type: ${type}${it}`]),
    },
    { weight: 1, arbitrary: latin1.map((it) => [`Content-Type: ${it}`]) },
  );
  const other = fc.oneof(
    fc
      .constantFrom('*/*', 'application/json', 'text/plain;q=0, */*', ';;,', 'a/b;q=x')
      .map((it) => `Accept: ${it}`),
    fc.constantFrom('identity', 'gzip', 'br', 'x').map((it) => `Content-Encoding: ${it}`),
    fc.constantFrom('100-continue', 'x').map((it) => `Expect: ${it}`),
    fc.constantFrom('h2c', 'websocket').map((it) => `Upgrade: ${it}`),
    fc.constantFrom('a', '"a"', 'b c', '', '\u00e4').map((it) => `Idempotency-Key: ${it}`),
    fc.constantFrom('wait=0', 'wait=x', ';;').map((it) => `Prefer: ${it}`),
    fc.constantFrom('*', '"a"', ',,').map((it) => `If-None-Match: ${it}`),
    latin1.map((it) => `X-Request-Id: ${it}`),
    latin1.map((it) => `Accept: ${it}`),
    fc.tuple(token, latin1).map((it) => it.join(': ')),
    fc.constantFrom(
      `X: ${'y'.repeat(17_000)}`,
      'no colon',
      ' folded',
      'X : y',
      'Content-Length: 1',
      'Host: h',
    ),
  );
  return fc
    .tuple(keyLine, typeLine, mostly<string[]>([], fc.array(other, { maxLength: 3 }), 2))
    .map((it) => it.flat());
}

/** Requests, valid and hostile, over every method, path, parameter, header and body. */
export function generatedRequest(around: Surroundings): fc.Arbitrary<GeneratedRequest> {
  const method = fc.oneof(
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'GET',
        'HEAD',
        'OPTIONS',
        'PUT',
        'DELETE',
        'PATCH',
        'TRACE',
        'PROPFIND',
      ),
    },
    { weight: 1, arbitrary: token },
  );
  return fc
    .tuple(mostly<'api' | 'status'>('api', fc.constant('status'), 5), body(around.key))
    .chain(([host, { type, bytes }]) =>
      fc.record({
        host: fc.constant(host),
        method: mostly(host === 'api' ? 'POST' : 'GET', method),
        target: fc
          .tuple(
            target(around, host),
            mostly<Pairs>([], pairs(around.key), 2),
            mostly(true, fc.boolean()),
          )
          .map(([path, query, encoded]) =>
            query.length === 0
              ? path
              : `${path}?${formOf(query, encoded).replace(/[\0-\x20\x7f-\uffff]/g, '%')}`,
          ),
        headers: headers(around.key, type),
        body: fc.constant(bytes),
        framing: mostly<GeneratedRequest['framing']>('length', fc.constantFrom('chunked', 'short')),
      }),
    );
}
