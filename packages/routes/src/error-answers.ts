import { type ErrorCode, errorCatalog, problemType } from '@kasabi/protocol';
import type { JsonSchema, Reference, ResponseObject } from './document-types.ts';
import { errorExamples, exampleRequestId } from './error-examples.ts';
import { values } from './examples.ts';
import { type HeaderUse, headersOf } from './headers.ts';
import { schemaRef } from './schemas.ts';

export type Host = 'api' | 'status';

/** The errors with which any request may be answered, before it is known what it asks for. */
const anywhere: readonly ErrorCode[] = [
  'malformed-request',
  'method-not-allowed',
  'request-timeout',
  'headers-too-large',
  'internal-error',
];

/** The error responses as components, made when operations ask for them. */
export interface ErrorResponses {
  /** References to the responses for these errors, by status. */
  of(host: Host, codes: readonly ErrorCode[]): Record<string, Reference>;
  /** What has been asked for so far. */
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

/** The response for the errors with one status, or for those that any request may be answered with. */
function errorResponse(codes: readonly ErrorCode[]): ResponseObject {
  const own = codes.map((code) => errorExamples[code].headers);
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
      .map((code) => `\`${code}\`: ${errorCatalog[code].meaning} ${errorCatalog[code].remedy}`)
      .join('\n\n'),
    headers: headersOf({ 'Cache-Control': 'no-store', Vary: false, ...use }),
    content: {
      'text/plain': {
        schema: { type: 'string', description: 'One sentence.', pattern: '^[^\\n]+\\n$' },
        examples: examplesOf(codes, (code) => `${errorExamples[code].message}\n`),
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
  status: errorCatalog[code].status,
  title: errorCatalog[code].title,
  detail: errorExamples[code].message,
  instance: `urn:kasabi:request:${exampleRequestId}`,
});

const examplesOf = (codes: readonly ErrorCode[], value: (code: ErrorCode) => unknown) =>
  values(Object.fromEntries(codes.map((code) => [code, value(code)])));

const pascal = (name: string): string =>
  name.replace(/(?:^|-)(\w)/g, (_match, first: string) => first.toUpperCase());
