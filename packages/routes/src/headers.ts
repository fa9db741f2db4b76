import type { Header, JsonSchema } from './document-types.ts';

type HeaderEntry = Partial<Header> & { description: string };

const seconds: JsonSchema = { type: 'integer', minimum: 1 };
const count: JsonSchema = { type: 'integer', minimum: 0 };

/** The response headers of this API that matter to clients. */
const entries = {
  'X-Request-Id': {
    description: "The request's id, under which it is in the log. Tell it to the operators.",
    schema: { type: 'string', pattern: '^[\\w.:-]{8,64}$' },
  },
  Location: { description: 'Where to go next.', schema: { type: 'string', format: 'uri' } },
  'Content-Location': {
    description: 'The address of exactly this format.',
    schema: { type: 'string', format: 'uri' },
  },
  'Retry-After': {
    description: 'After how many seconds it is worth asking again.',
    schema: seconds,
  },
  ETag: {
    description: 'Identifies this version; send it in `If-None-Match`.',
    schema: { type: 'string', pattern: '^"[\\w-]+"$' },
  },
  'Repr-Digest': {
    description: 'The SHA-256 of the whole file (RFC 9530).',
    schema: { type: 'string', pattern: '^sha-256=:[A-Za-z0-9+/]{43}=:$' },
  },
  'Accept-Ranges': { description: 'In what a part of the file can be asked for.' },
  'Content-Range': {
    description: 'Which part of the file this is, and how large the file is.',
    schema: { type: 'string', pattern: '^bytes (\\d+-\\d+|\\*)/\\d+$' },
  },
  'Content-Disposition': {
    description: 'A name for the file, with the dataset and the time.',
    schema: { type: 'string', pattern: '^attachment; filename="[\\w.-]+"$' },
  },
  'Cache-Control': { description: 'Who may cache the answer, and for how long.' },
  Vary: { description: 'Which request headers the answer depends on.' },
  'Preference-Applied': {
    description: 'The longest time in seconds that the answer could have been held.',
    schema: { type: 'string', pattern: '^wait=\\d+$' },
    example: 'wait=30',
  },
  Link: {
    description: 'The next page, if there is one.',
    schema: { type: 'string', pattern: '^<[^>]+>; rel="next"$' },
  },
  'WWW-Authenticate': {
    description: 'How to authenticate.',
    example: 'Bearer realm="Kasabi Jobs"',
  },
  Allow: { description: 'The methods that are possible here.', example: 'GET, HEAD, OPTIONS' },
  'RateLimit-Policy': {
    description: 'How many requests (q) are allowed in how many seconds (w).',
    example: '"default";q=600;w=60',
  },
  RateLimit: {
    description: 'How many requests remain (r), for how many seconds (t).',
    example: '"default";r=599;t=60',
  },
  'RateLimit-Limit': { description: 'The same, for older clients.', schema: count },
  'RateLimit-Remaining': { description: 'The same, for older clients.', schema: count },
  'RateLimit-Reset': { description: 'The same, for older clients.', schema: seconds },
} as const satisfies Record<string, HeaderEntry>;

type HeaderName = keyof typeof entries;

const headerNames = Object.keys(entries) as HeaderName[];

/** True: every answer has it; false: an answer may have it; a text: every answer has it, with this value. */
export type HeaderUse = Readonly<{ [name in HeaderName]?: boolean | string }>;

/** The headers of a response. Each also has X-Request-Id, and may have those of the rate limit. */
export function headersOf(use: HeaderUse): Record<string, Header> {
  const used: HeaderUse = { ...rateLimitHeaders, ...use, 'X-Request-Id': true };
  return Object.fromEntries(
    headerNames.flatMap((name) => {
      const how = used[name];
      if (how === undefined) return [];
      const entry: HeaderEntry = entries[name];
      const schema = typeof how === 'string' ? { const: how } : entry.schema;
      const required = how !== false;
      return [[name, { ...entry, required, schema: { type: 'string', ...schema } }]];
    }),
  );
}

/** The headers of a host's rate limit, which the operators may switch off. */
const rateLimitHeaders: HeaderUse = Object.fromEntries(
  headerNames.filter((name) => name.startsWith('RateLimit')).map((name) => [name, false]),
);
