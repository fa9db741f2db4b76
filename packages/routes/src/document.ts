import { jobTypes } from '@kasabi/domain';
import { type ErrorCode, errorCatalog, problemType } from '@kasabi/protocol';
import { withAddresses } from './addresses.ts';
import type { DocumentUrls, OpenApiDocument } from './document-types.ts';
import { errorAdvice } from './error-advice.ts';
import { createErrorResponses } from './error-answers.ts';
import { parameters, securitySchemes } from './parameters.ts';
import { createPaths } from './paths.ts';
import { jsonSchemas } from './schemas.ts';

/**
 * Describes the HTTP API of a deployment, both hosts in one OpenAPI 3.1 document: its operations are made
 * from the table of routes, its schemas from the zod schemas of the documents and parameters, its errors
 * from the catalog. Both hosts make the same document, to the byte.
 */
export function createOpenApiDocument(urls: DocumentUrls): OpenApiDocument {
  const api = { url: urls.apiUrl, description: 'The api host: asks for jobs and cancels them.' };
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
      summary: 'Jobs that concern a whole dataset: ask for one, watch it, cancel it.',
      description,
    },
    servers: [api, status],
    tags: [
      { name: 'Jobs', description: `The types of job:\n\n${describeJobTypes()}` },
      { name: 'Datasets', description: 'What anybody may know of a dataset.' },
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
        { ...errorCatalog[code], ...adviceOn(code) },
      ]),
    ),
  };
  return withAddresses(document, urls);
}

function adviceOn(code: ErrorCode) {
  const { meaning, remedy } = errorAdvice[code];
  return { meaning, remedy };
}

const describeJobTypes = (): string =>
  Object.entries(jobTypes)
    .map(([name, { summary }]) => `\`${name}\`: ${summary}`)
    .join('\n\n');

const description = [
  'Jobs are asked for at the api host, and watched at the status host. The answer to a request for a job names the address to watch.',
  'Errors are a line of plain text or, if `Accept` prefers JSON, a problem document (RFC 9457) whose `type` never changes. Documents may gain fields; clients pass over those they do not know.',
  'Every address answers `HEAD` as `GET` without its body, `OPTIONS` with what is possible in `Allow`, and other methods with `405` and the same `Allow`.',
  'The api host answers at most 600 requests a minute of one key and of one address, the status host 6,000 in each of its processes, unless the operators set other limits; the `RateLimit` headers tell what is left. Either answers `503` with `Retry-After` when it has too much to do.',
].join('\n\n');
