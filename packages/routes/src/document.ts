import { jobTypes } from '@kasabi/domain';
import { type ErrorCode, errorCatalog, problemType } from '@kasabi/protocol';
import { withAddresses } from './addresses.ts';
import type { DocumentUrls, OpenApiDocument } from './document-types.ts';
import { createErrorResponses } from './error-answers.ts';
import { parameters, securitySchemes } from './parameters.ts';
import { createPaths } from './paths.ts';
import { jsonSchemas } from './schemas.ts';

/**
 * Describes the HTTP API of a deployment, both hosts in one OpenAPI 3.1 document: its operations are made from the
 * table of routes, its schemas from the zod schemas of the documents and parameters, its errors from the catalog.
 * Both hosts make the same document, byte for byte.
 */
export function createOpenApiDocument(urls: DocumentUrls): OpenApiDocument {
  const api = { url: urls.apiUrl, description: 'The api host: requests and cancels jobs.' };
  const status = {
    url: urls.statusUrl,
    description: 'The status host: watches jobs and datasets.',
  };
  const errors = createErrorResponses();
  const paths = createPaths({ api: [api], status: [status], both: [api, status] }, errors);
  const document: OpenApiDocument = {
    openapi: '3.1.1',
    info: {
      title: 'Kasabi Jobs',
      version: '1.0.0',
      summary: 'Jobs for whole datasets: request one, watch it, cancel it.',
      description,
    },
    servers: [api, status],
    tags: [
      { name: 'Jobs', description: `The types of job:\n\n${describeJobTypes()}` },
      { name: 'Datasets', description: 'What anybody may know about a dataset.' },
      { name: 'Service', description: 'The documentation and the state of the service itself.' },
    ],
    paths,
    components: {
      schemas: jsonSchemas(),
      parameters,
      responses: errors.components,
      securitySchemes,
    },
    'x-errors': Object.fromEntries(
      (Object.keys(errorCatalog) as ErrorCode[]).map((code) => [
        problemType(code),
        errorCatalog[code],
      ]),
    ),
  };
  return withAddresses(document, urls);
}

const describeJobTypes = (): string =>
  Object.entries(jobTypes)
    .map(([name, { summary }]) => `\`${name}\`: ${summary}`)
    .join('\n\n');

const description = [
  'Jobs are requested at the api host and watched at the status host. The answer to a request for a job gives the address to watch.',
  'Errors are a line of plain text or, if `Accept` prefers JSON, a problem document (RFC 9457) whose `type` never changes. Documents may gain fields; clients must ignore those they do not know.',
  'Every address answers `HEAD` like `GET` without a body, `OPTIONS` with the possible methods in `Allow`, and other methods with `405` and the same `Allow`.',
  'The api host answers at most 600 requests a minute from one key and from one address, the status host 6,000 in each of its processes, unless the operators have set other limits; the `RateLimit` headers say how many are left. Either host answers `503` with `Retry-After` when it is overloaded.',
].join('\n\n');
