import type { Header, JsonSchema } from './document-types.ts';

type HeaderEntry = Partial<Header> & { description: string };

const seconds: JsonSchema = { type: 'integer', minimum: 1 };
const count: JsonSchema = { type: 'integer', minimum: 0 };

/** The response headers of this API that mean something to a client. */
const entries = {
  'X-Request-Id': {
    description: "The request's id, by which it is in the log. Name it to the operators.",
    schema: { type: 'string', pattern: '^[\\w.:-]{8,64}$' },
  },
  Location: { description: 'Where to go on.', schema: { type: 'string', format: 'uri' } },
  'Content-Location': {
    description: 'The address of exactly this form.',
    schema: { type: 'string', format: 'uri' },
  },
  'Retry-After': { description: 'In how many seconds it is worth asking again.', schema: seconds },
  ETag: {
    description: 'Names this version; send it in `If-None-Match`.',
    schema: { type: 'string', pattern: '^"[\\w-]+"$' },
  },
  'Cache-Control': { description: 'Who may keep the answer, and for how long.' },
  Vary: { description: 'Which request headers the answer depends on.' },
  'Preference-Applied': {
    description: 'How many seconds the answer would have been held back at most.',
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
  Allow: { description: 'What is possible here.', example: 'GET, HEAD, OPTIONS' },
  'RateLimit-Policy': {
    description: 'How many requests (q) are allowed in how many seconds (w).',
    example: '"default";q=600;w=60',
  },
  RateLimit: {
    description: 'How many requests remain (r), for how many seconds (t).',
    example: '"default";r=599;t=60',
  },
  'RateLimit-Limit': { description: 'The same, as older clients know it.', schema: count },
  'RateLimit-Remaining': { description: 'The same, as older clients know it.', schema: count },
  'RateLimit-Reset': { description: 'The same, as older clients know it.', schema: seconds },
} as const satisfies Record<string, HeaderEntry>;

type HeaderName = keyof typeof entries;

const headerNames = Object.keys(entries) as HeaderName[];

/** True: each answer has it; false: it may have it; a text: each answer has it, with this value. */
export type HeaderUse = Readonly<{ [name in HeaderName]?: boolean | string }>;

/** The headers of a response; each has X-Request-Id, and may have those of the rate limit. */
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

/** The headers of a host's rate limit, which the operators may have switched off. */
const rateLimitHeaders: HeaderUse = {
  'RateLimit-Policy': false,
  RateLimit: false,
  'RateLimit-Limit': false,
  'RateLimit-Remaining': false,
  'RateLimit-Reset': false,
};
