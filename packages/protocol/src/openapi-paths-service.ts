import type { ErrorResponses } from './openapi-errors.ts';
import { exampleValues as eg, sample } from './openapi-examples.ts';
import { headersOf } from './openapi-headers.ts';
import { open, parameterRef } from './openapi-parameters.ts';
import type { DocumentUrls, Operation, PathItem, Server } from './openapi-types.ts';

/** What both hosts answer about themselves. */
export function servicePaths(
  urls: DocumentUrls,
  servers: readonly Server[],
  errors: ErrorResponses,
): Record<string, PathItem> {
  return {
    '/openapi.json': { servers, get: openapi(urls, errors) },
    '/docs': { servers, get: docs(urls, errors) },
    '/healthz': { servers, get: alive(urls, errors) },
    '/readyz': { servers, get: ready(urls, errors) },
  };
}

const cached = headersOf({ ETag: true, 'Cache-Control': 'public, max-age=300' });
const notModified = { description: 'The copy that the client has is current.', headers: cached };
const text = { 'text/plain': { schema: { type: 'string' } } };
const uncached = headersOf({ 'Cache-Control': 'no-store' });

function openapi({ statusUrl }: DocumentUrls, errors: ErrorResponses): Operation {
  const url = `${statusUrl}/openapi.json`;
  return {
    operationId: 'getOpenApi',
    summary: 'Read this document',
    description: 'The same on both hosts.',
    tags: ['Service'],
    security: open,
    parameters: [parameterRef('IfNoneMatchDocument')],
    responses: {
      200: {
        description: 'An OpenAPI 3.1 document.',
        headers: cached,
        content: { 'application/json': { schema: { type: 'object', required: ['openapi'] } } },
      },
      304: notModified,
      ...errors.of('status', 'too-many-requests', 'unavailable'),
    },
    'x-codeSamples': [
      sample('Read', 200, url),
      sample('Only if it has changed', 304, url, { headers: { 'If-None-Match': eg.documentTag } }),
    ],
  };
}

function docs({ statusUrl }: DocumentUrls, errors: ErrorResponses): Operation {
  return {
    operationId: 'getDocs',
    summary: 'Read this document as a page',
    description: 'For people: it needs no JavaScript.',
    tags: ['Service'],
    security: open,
    responses: {
      200: {
        description: 'The page.',
        headers: cached,
        content: { 'text/html': { schema: { type: 'string' } } },
      },
      ...errors.of('status', 'too-many-requests', 'unavailable'),
    },
    'x-codeSamples': [sample('Read', 200, `${statusUrl}/docs`)],
  };
}

function alive({ statusUrl }: DocumentUrls, errors: ErrorResponses): Operation {
  return {
    operationId: 'getHealth',
    summary: 'See whether the process lives',
    description: 'For orchestrators.',
    tags: ['Service'],
    security: open,
    responses: {
      200: { description: 'It does.', headers: uncached, content: text },
      ...errors.of('status'),
    },
    'x-codeSamples': [sample('Ask', 200, `${statusUrl}/healthz`)],
  };
}

function ready({ statusUrl }: DocumentUrls, errors: ErrorResponses): Operation {
  return {
    operationId: 'getReadiness',
    summary: 'See whether what the process depends on answers',
    description: 'For orchestrators.',
    tags: ['Service'],
    security: open,
    responses: {
      200: { description: 'It does.', headers: uncached, content: text },
      ...errors.of('status'),
      503: { description: 'What does not answer.', headers: uncached, content: text },
    },
    'x-codeSamples': [sample('Ask', 200, `${statusUrl}/readyz`)],
  };
}
