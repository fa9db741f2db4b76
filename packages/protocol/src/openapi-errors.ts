import { type ErrorCode, errorCatalog } from './errors.ts';
import { errorAdvice } from './openapi-advice.ts';
import { type HeaderUse, headersOf } from './openapi-headers.ts';
import { problemType, schemaRef } from './openapi-schemas.ts';
import type { Reference, ResponseObject } from './openapi-types.ts';

const ownHeaders: Readonly<{ [code in ErrorCode]?: HeaderUse }> = {
  unauthorized: { 'WWW-Authenticate': true },
  'method-not-allowed': { Allow: true },
  'idempotency-in-flight': { 'Retry-After': true },
  'too-many-requests': { 'Retry-After': true },
  'too-many-open-jobs': { 'Retry-After': true },
  unavailable: { 'Retry-After': true },
};

export type Host = 'api' | 'status';

/** Which errors may come in answer to any request, before it is known what is asked for. */
export const anywhere: readonly ErrorCode[] = [
  'malformed-request',
  'method-not-allowed',
  'request-timeout',
  'headers-too-large',
  'internal-error',
];

/** The error responses as components, made as operations ask for them. */
export interface ErrorResponses {
  /** References to the responses for these errors, by status. */
  of(host: Host, ...codes: readonly ErrorCode[]): Record<string, Reference>;
  /** What was asked for so far. */
  readonly components: Record<string, ResponseObject>;
}

/** Keeps one component for each set of errors that share a status. */
export function createErrorResponses(): ErrorResponses {
  const components: Record<string, ResponseObject> = {};

  function reference(host: Host, codes: readonly ErrorCode[]): Reference {
    const name = [host, ...codes].map(pascal).join('');
    components[name] ??= errorResponse(codes);
    return { $ref: `#/components/responses/${name}` };
  }

  return {
    components,
    of(host, ...codes) {
      const statuses = [...new Set(codes.map((code) => errorCatalog[code].status))];
      const responses = statuses.map((status) => {
        const same = codes.filter((code) => errorCatalog[code].status === status);
        return [status, reference(host, same)] as const;
      });
      return { ...Object.fromEntries(responses), default: reference(host, anywhere) };
    },
  };
}

/** What is answered for errors that come with one status, or for those that come anywhere. */
function errorResponse(codes: readonly ErrorCode[]): ResponseObject {
  const uses = codes.map((code) => ownHeaders[code] ?? {});
  const own = Object.assign({}, ...uses) as HeaderUse;
  // A header that only some of them have may be missing.
  const use = Object.fromEntries(
    Object.keys(own).map((name) => [name, uses.every((it) => Object.hasOwn(it, name))]),
  );
  const narrowed = {
    type: { enum: codes.map(problemType) },
    status: { enum: [...new Set(codes.map((code) => errorCatalog[code].status))] },
    title: { enum: codes.map((code) => errorCatalog[code].title) },
  };
  return {
    description: codes
      .map((code) => `\`${code}\`: ${errorAdvice[code].meaning} ${errorAdvice[code].remedy}`)
      .join('\n\n'),
    headers: headersOf({ 'Cache-Control': 'no-store', Vary: false, ...use }),
    content: {
      'text/plain': {
        schema: { type: 'string', description: 'One sentence.', pattern: '^[^\\n]+\\n$' },
        examples: examplesOf(codes, (code) => `${errorAdvice[code].example}\n`),
      },
      'application/problem+json': {
        schema: { allOf: [schemaRef('Problem'), { properties: narrowed }] },
        examples: examplesOf(codes, problemExample),
      },
    },
  };
}

function problemExample(code: ErrorCode): unknown {
  return {
    type: problemType(code),
    title: errorCatalog[code].title,
    status: errorCatalog[code].status,
    detail: errorAdvice[code].example,
    instance: 'urn:kasabi:request:0b8cd1ab-1f4e-4b52-8f39-6f1f0b9d8c11',
  };
}

const examplesOf = (codes: readonly ErrorCode[], value: (code: ErrorCode) => unknown) =>
  Object.fromEntries(codes.map((code) => [code, { value: value(code) }]));

const pascal = (name: string): string =>
  name.replace(/(?:^|-)(\w)/g, (_match, first: string) => first.toUpperCase());
