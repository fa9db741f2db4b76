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

/** Creates the error responses as components when operations ask for them, one for each set of errors with a status. */
export function createErrorResponses() {
  const components: Record<string, ResponseObject> = {};

  function reference(host: Host, codes: readonly ErrorCode[]): Reference {
    const name = [host, ...codes].map(pascal).join('');
    components[name] ??= errorResponse(codes);
    return { $ref: `#/components/responses/${name}` };
  }

  return {
    /** The responses that have been asked for so far. */
    components,
    /** References to the responses for these errors, by status. */
    of(host: Host, codes: readonly ErrorCode[]): Record<string, Reference> {
      const statuses = [...new Set(codes.map((code) => errorCatalog[code].status))];
      const responses = statuses.map((status) => {
        const same = codes.filter((code) => errorCatalog[code].status === status);
        return [status, reference(host, same)] as const;
      });
      return { ...Object.fromEntries(responses), default: reference(host, anywhere) };
    },
  };
}

export type ErrorResponses = ReturnType<typeof createErrorResponses>;

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
