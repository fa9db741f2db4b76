import { type ErrorCode, errorCatalog, problemType } from '@kasabi/protocol';
import type { JsonSchema, Reference, ResponseObject } from './document-types.ts';
import { errorAdvice, exampleRequestId } from './error-advice.ts';
import { values } from './examples.ts';
import { type HeaderUse, headersOf } from './headers.ts';
import { schemaRef } from './schemas.ts';

export type Host = 'api' | 'status';

/** Which errors may come in answer to any request, before it is known what is asked for. */
const anywhere: readonly ErrorCode[] = [
  'malformed-request',
  'method-not-allowed',
  'request-timeout',
  'headers-too-large',
  'internal-error',
];

/** The error responses as components, made as operations ask for them. */
export interface ErrorResponses {
  /** References to the responses for these errors, by status. */
  of(host: Host, codes: readonly ErrorCode[]): Record<string, Reference>;
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
    of(host, codes) {
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
  const own = codes.map((code) => errorAdvice[code].example.headers);
  // A header that only some of them have may be missing.
  const use: HeaderUse = Object.fromEntries(
    own.flatMap(Object.keys).map((name) => [name, own.every((it) => Object.hasOwn(it, name))]),
  );
  const properties: Record<string, JsonSchema> = {
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
        examples: examplesOf(codes, (code) => `${errorAdvice[code].example.message}\n`),
      },
      'application/problem+json': {
        schema: { allOf: [schemaRef('Problem'), { properties }] },
        examples: examplesOf(codes, problemExample),
      },
    },
  };
}

const problemExample = (code: ErrorCode): unknown => ({
  type: problemType(code),
  ...errorCatalog[code],
  detail: errorAdvice[code].example.message,
  instance: `urn:kasabi:request:${exampleRequestId}`,
});

const examplesOf = (codes: readonly ErrorCode[], value: (code: ErrorCode) => unknown) =>
  values(Object.fromEntries(codes.map((code) => [code, value(code)])));

const pascal = (name: string): string =>
  name.replace(/(?:^|-)(\w)/g, (_match, first: string) => first.toUpperCase());
