import { jobListParts, jobRequestParts, typedParts } from '@kasabi/protocol';
import type { z } from 'zod';
import type { JsonSchema, OpenApiDocument, Parameter, Reference } from './document-types.ts';
import { exampleValues } from './examples.ts';
import { jsonSchemaOf, pathParts } from './schemas.ts';

/** Moves the description from a value's schema to the parameter, where the documentation shows it. */
function described(schema: JsonSchema): { description: string; schema: JsonSchema } {
  const { description = '', ...rest } = schema;
  return { description, schema: rest };
}

const only = (value: unknown) => ({ example: { value } });

const query = (name: string, schema: z.ZodType, value: unknown): Parameter => ({
  name,
  in: 'query',
  ...described(jsonSchemaOf(schema)),
  examples: only(value),
});

const path = (name: keyof typeof pathParts, value: string): Parameter => ({
  ...query(name, pathParts[name], value),
  in: 'path',
  required: true,
});

const header = (
  name: string,
  description: string,
  schema: JsonSchema,
  value: string,
): Parameter => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string', ...schema },
  examples: only(value),
});

const ifNoneMatch = (tag: string) =>
  header('If-None-Match', "The `ETag` of the client's copy.", {}, tag);

/** The parameters of requests, except the API key, which is in `components.securitySchemes`. */
export const parameters = {
  ShortCode: path('short-code', exampleValues.dataset),
  JobId: path('id', exampleValues.job),
  ExportId: path('export', exampleValues.export),
  Extension: path('extension', 'ttl'),
  JobType: query('jobType', jobRequestParts.jobType, 'reset'),
  Format: query('format', typedParts['format'] as z.ZodType, 'nq.gz'),
  KeepExport: query('keepExport', typedParts['keepExport'] as z.ZodType, 'true'),
  Source: query('source', typedParts['source'] as z.ZodType, exampleValues.export),
  StartTime: query('startTime', jobRequestParts.startTime, exampleValues.startTime),
  ListStatus: query('status', jobListParts.status, 'completed'),
  ListJobType: query('jobType', jobListParts.jobType, 'reset'),
  ListLimit: query('limit', jobListParts.limit, 50),
  ListCursor: query('cursor', jobListParts.cursor, exampleValues.cursor),
  IdempotencyKey: header(
    'Idempotency-Key',
    "Makes the request safe to repeat: for 24 hours, the same key with the same parameters is answered with the first request's job. 1 to 255 printable characters without spaces, such as a UUID, with or without double quotes.",
    { pattern: '^("[\\x21-\\x7e]{1,255}"|[\\x21-\\x7e]{1,255})$' },
    exampleValues.idempotencyKey,
  ),
  Prefer: header(
    'Prefer',
    '`wait=N` holds the answer until the job changes state or N seconds have passed (RFC 7240); 60 at most, unless the operators have set another limit.',
    {},
    'wait=30',
  ),
  IfNoneMatchJob: ifNoneMatch(exampleValues.jobTag),
  Range: header(
    'Range',
    'The bytes to send: `bytes=0-999`, `bytes=1000-`, or the last ones, `bytes=-1000`. Of several ranges, all of the file is sent.',
    {},
    'bytes=0-99',
  ),
  IfRange: header(
    'If-Range',
    'The `ETag` of the part that the client has: if the file is another one, all of it is sent.',
    {},
    exampleValues.exportTag,
  ),
  IfNoneMatchExport: ifNoneMatch(exampleValues.exportTag),
  IfNoneMatchDescription: ifNoneMatch(exampleValues.descriptionTag),
  IfNoneMatchDocument: ifNoneMatch(exampleValues.documentTag),
  LastEventId: header(
    'Last-Event-ID',
    'The `id` of the last event that the client has seen. It is not sent again.',
    {},
    exampleValues.jobTag.slice(1, -1),
  ),
} as const satisfies Record<string, Parameter>;

export type ParameterName = keyof typeof parameters;

export const parameterRef = (name: ParameterName): Reference => ({
  $ref: `#/components/parameters/${name}`,
});

const inPath = {
  'short-code': 'ShortCode',
  id: 'JobId',
  export: 'ExportId',
  extension: 'Extension',
} as const satisfies Record<keyof typeof pathParts, ParameterName>;

/** The parameters in a path, in order. */
export const pathParameters = (path: string): Reference[] =>
  [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) =>
    parameterRef(inPath[name as keyof typeof inPath]),
  );

/** The ways to send the key; one is enough. */
export const securitySchemes = {
  X_KASABI_APIKEY: {
    type: 'apiKey',
    in: 'header',
    name: 'X_KASABI_APIKEY',
    description: 'The API key in a header, with underscores, as the first clients sent it.',
  },
  'X-Kasabi-Apikey': {
    type: 'apiKey',
    in: 'header',
    name: 'X-Kasabi-Apikey',
    description: 'The same with hyphens, which every proxy lets through.',
  },
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'The API key as a bearer token, in the header Authorization.',
  },
  apikey: {
    type: 'apiKey',
    in: 'query',
    name: 'apikey',
    description:
      'The API key as a parameter: in the query string, or among the others in a form or in JSON.',
  },
} as const satisfies OpenApiDocument['components']['securitySchemes'];

/** Any one of the ways to send the key. */
export const keyNeeded = Object.keys(securitySchemes).map((name) => ({ [name]: [] }));
