import { gzipSync } from 'node:zlib';
import { form } from '@kasabi/test/support/client';

/** A request, in so far as it differs from a good one for a reset. */
export interface Message {
  readonly line?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  /** Without the header that has the key. */
  readonly keyless?: boolean;
}

/** A good request for a reset but for what is given; it asks for its connection to be closed. */
export function message(
  key: string,
  { line, headers = [], body = '', keyless = false }: Message,
): Buffer {
  const head = [
    line ?? 'POST /dataset/nasa/jobs HTTP/1.1',
    'Host: api.example',
    'Connection: close',
    ...(keyless ? [] : [`X_KASABI_APIKEY: ${key}`]),
    ...headers.map((it) => it.replace('<key>', key)),
  ];
  if (!headers.some((it) => /^(content-length|transfer-encoding):/i.test(it))) {
    head.push(`Content-Length: ${Buffer.byteLength(body)}`);
  }
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

export const json = 'Content-Type: application/json';
export const asForm = `Content-Type: ${form}`;
export const good = 'jobType=reset';
export const at = (path: string) => ({
  line: `POST ${path} HTTP/1.1`,
  headers: [asForm],
  body: good,
});

/** What is sent, and the statuses that may answer it. */
export const hostileMessages: Readonly<
  Record<string, readonly [number | readonly number[], Message]>
> = {
  'two keys that differ': [400, { headers: ['X_KASABI_APIKEY: other', asForm], body: good }],
  'two keys by two names': [400, { headers: ['X-Kasabi-Apikey: other', asForm], body: good }],
  'two bearer tokens': [
    400,
    {
      line: 'POST /dataset/nasa/jobs?jobType=reset HTTP/1.1',
      headers: ['Authorization: Bearer <key>', 'Authorization: Bearer other'],
      keyless: true,
    },
  ],
  'two lengths': [400, { headers: ['Content-Length: 3', 'Content-Length: 5'], body: good }],
  'a length and chunks': [400, { headers: ['Content-Length: 3', 'Transfer-Encoding: chunked'] }],
  'a negative length': [400, { headers: ['Content-Length: -1'], body: good }],
  'a length that is none': [400, { headers: ['Content-Length: 0x10'], body: good }],
  'chunks that are none': [
    400,
    { headers: [asForm, 'Transfer-Encoding: chunked'], body: 'ZZZ\r\n' },
  ],
  'a chunk too long': [
    400,
    { headers: [asForm, 'Transfer-Encoding: chunked'], body: 'ffffffffffffffffff\r\nx' },
  ],
  'an unknown transfer coding': [400, { headers: ['Transfer-Encoding: gzip'], body: good }],
  'a huge header': [431, { headers: [`X-Huge: ${'a'.repeat(20_000)}`] }],
  'thousands of headers': [431, { headers: Array.from({ length: 6_000 }, (_, i) => `a${i}: `) }],
  'a huge path': [431, at(`/${'a'.repeat(20_000)}`)],
  'a header with NUL': [400, { headers: ['X-Nul: a\0b'] }],
  'a folded header': [400, { headers: ['X-Folded: a\r\n b'] }],
  'a space before the colon': [400, { headers: ['X-Space : a'] }],
  'bare line feeds': [400, { line: 'POST /dataset/nasa/jobs HTTP/1.1\nX: y' }],
  'a lone percent in the path': [400, at('/dataset/%/jobs')],
  'bytes that are no UTF-8 in the path': [400, at('/dataset/%ff%fe/jobs')],
  'a lone percent in the query': [400, at('/dataset/nasa/jobs?jobType=%')],
  'bytes that are no UTF-8 in the query': [400, at('/dataset/nasa/jobs?startTime=%c3%28')],
  'NUL in the path': [404, at('/dataset/nasa%00/jobs')],
  'NUL in the query': [400, at('/dataset/nasa/jobs?startTime=%00')],
  'NUL in a name': [400, at('/dataset/nasa/jobs?%00=1')],
  'an overlong short code': [404, at(`/dataset/${'n'.repeat(64)}/jobs`)],
  'a short code in capitals': [404, at('/dataset/NASA/jobs')],
  'a traversal': [404, at('/dataset/nasa/../nasa/jobs')],
  'an encoded traversal': [404, at('/dataset/%2e%2e%2fnasa/jobs')],
  'an encoded slash': [404, at('/dataset/nasa%2fjobs')],
  'a slash twice': [404, at('/dataset//nasa/jobs')],
  'two slashes first': [404, at('//dataset/nasa/jobs')],
  'the authority form': [400, at('api.example:80')],
  'a fragment': [400, at('/dataset/nasa/jobs?startTime=2030-01-01T00:00:00Z#a')],
  'SQL in the short code': [404, at("/dataset/nasa'%20OR%201=1--/jobs")],
  'deep JSON': [400, { headers: [json], body: '['.repeat(16_384) }],
  'deep JSON in a member': [
    400,
    { headers: [json], body: `{"x":${'['.repeat(8_000)}${']'.repeat(8_000)}}` },
  ],
  'objects that are no strings': [
    400,
    { headers: [json], body: '{"x":{"toString":1,"valueOf":1}}' },
  ],
  __proto__: [400, { headers: [json], body: '{"__proto__":{"jobType":"reset"}}' }],
  'a member twice': [400, { headers: [json], body: '{"jobType":"no","jobType":"reset"}' }],
  'JSON of numbers': [400, { headers: [json], body: '{"jobType":1e999}' }],
  'a lone surrogate': [400, { headers: [json], body: '{"jobType":"\\ud800"}' }],
  'UTF-16 under its name': [
    415,
    { headers: [`${json}; charset=utf-16le`], body: Buffer.from('{"jobType":"reset"}', 'utf16le') },
  ],
  'UTF-16 under another name': [
    400,
    { headers: [json], body: Buffer.from('{"jobType":"reset"}', 'utf16le') },
  ],
  'another charset': [415, { headers: [`${asForm}; charset=shift_jis`], body: good }],
  'bytes that are no UTF-8 in JSON': [400, { headers: [json], body: Buffer.from([0x7b, 0xff]) }],
  'a gzip body': [
    415,
    { headers: [json, 'Content-Encoding: gzip'], body: gzipSync('{"jobType":"reset"}') },
  ],
  'a gzip bomb': [
    415,
    { headers: [json, 'Content-Encoding: gzip'], body: gzipSync(Buffer.alloc(10_000_000, ' ')) },
  ],
  'a type that is none': [415, { headers: ['Content-Type: ;;;,'], body: good }],
  'no type': [415, { body: good }],
  'a body in parts': [
    415,
    { headers: ['Content-Type: multipart/form-data; boundary=x'], body: '--x--' },
  ],
  'a body too large': [413, { headers: [asForm], body: `${good}&${'x'.repeat(16_384)}` }],
  'thousands of parameters': [400, { headers: [asForm], body: '&a'.repeat(8_000) }],
  'an unknown method': [400, { line: 'RESET /dataset/nasa/jobs HTTP/1.1' }],
  PROPFIND: [405, { line: 'PROPFIND /dataset/nasa/jobs HTTP/1.1' }],
  TRACE: [405, { line: 'TRACE /dataset/nasa/jobs HTTP/1.1' }],
  'OPTIONS of everything': [[204, 404], { line: 'OPTIONS * HTTP/1.1' }],
  'another protocol': [400, { line: 'POST /dataset/nasa/jobs SPDY/3' }],
  'another version': [400, { line: 'POST /dataset/nasa/jobs HTTP/3.0' }],
  'the preface of HTTP/2': [400, { line: 'PRI * HTTP/2.0' }],
  'an override of the method': [
    405,
    { line: 'PUT /dataset/nasa/jobs HTTP/1.1', headers: ['X-HTTP-Method-Override: POST'] },
  ],
};
