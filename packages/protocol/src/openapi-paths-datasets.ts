import type { ErrorResponses } from './openapi-errors.ts';
import { exampleValues as eg, sample } from './openapi-examples.ts';
import { headersOf } from './openapi-headers.ts';
import { open, parameterRef } from './openapi-parameters.ts';
import { schemaRef } from './openapi-schemas.ts';
import type { DocumentUrls, MediaType, Operation, PathItem, Server } from './openapi-types.ts';

/** What the status host answers about datasets; it needs no key. */
export function datasetPaths(
  urls: DocumentUrls,
  server: Server,
  errors: ErrorResponses,
): Record<string, PathItem> {
  const shared = [parameterRef('ShortCode')];
  return {
    '/dataset/{short-code}': {
      servers: [server],
      parameters: shared,
      get: describe(urls, errors),
    },
    '/dataset/{short-code}.{extension}': {
      servers: [server],
      parameters: [...shared, parameterRef('Extension')],
      get: describeAs(urls, errors),
    },
    '/dataset/{short-code}/status': {
      servers: [server],
      parameters: shared,
      get: status(urls, errors),
    },
  };
}

const json = 'application/json';
const headers = headersOf({
  'Content-Location': true,
  ETag: true,
  'Cache-Control': 'public, max-age=60',
  Vary: 'Accept',
});
const notModified = { description: 'The copy that the client has is current.', headers };

/** The description of the example dataset in each form. */
function forms({ apiUrl, statusUrl }: DocumentUrls): Record<string, MediaType> {
  const iri = `${statusUrl}/dataset/${eg.dataset}`;
  const jobs = `${apiUrl}/dataset/${eg.dataset}/jobs`;
  const jobsEndpoint = 'http://labs.kasabi.com/ns/services#jobsEndpoint';
  const turtle = {
    schema: { type: 'string', description: 'Turtle.' },
    examples: { start: { value: `<${iri}> <${jobsEndpoint}> <${jobs}>.\n` } },
  };
  const rdfJson = {
    schema: schemaRef('DatasetDescription'),
    examples: { start: { value: { [iri]: { [jobsEndpoint]: [{ type: 'uri', value: jobs }] } } } },
  };
  return {
    'text/turtle': turtle,
    [json]: rdfJson,
    'application/rdf+json': rdfJson,
    'text/html': { schema: { type: 'string', description: 'A page for people.' } },
    'application/x-turtle': turtle,
    'text/n3': turtle,
  };
}

function describe(urls: DocumentUrls, errors: ErrorResponses): Operation {
  const url = `${urls.statusUrl}/dataset/${eg.dataset}`;
  return {
    operationId: 'describeDataset',
    summary: 'Find the services of a dataset',
    description:
      'Describes the dataset in RDF (VoID), with the addresses of its jobs and of its status: `http://labs.kasabi.com/ns/services#jobsEndpoint` and `#statusEndpoint`. The form is the one that `Accept` prefers, and Turtle where it prefers none.',
    tags: ['Datasets'],
    security: open,
    parameters: [parameterRef('IfNoneMatchDescription')],
    responses: {
      200: { description: 'The description.', headers, content: forms(urls) },
      304: notModified,
      ...errors.of('status', 'not-found', 'too-many-requests', 'unavailable'),
    },
    'x-codeSamples': [
      sample('Turtle', 200, url, { headers: { Accept: 'text/turtle' } }),
      sample('RDF/JSON', 200, url, { headers: { Accept: json } }),
      sample('Only if it has changed', 304, url, {
        headers: { Accept: 'text/turtle', 'If-None-Match': eg.descriptionTag },
      }),
    ],
  };
}

function describeAs(urls: DocumentUrls, errors: ErrorResponses): Operation {
  const url = `${urls.statusUrl}/dataset/${eg.dataset}`;
  return {
    operationId: 'describeDatasetAs',
    summary: 'Find the services of a dataset, in one form',
    description: 'The same, in the form that the address names: `.ttl`, `.json` or `.html`.',
    tags: ['Datasets'],
    security: open,
    parameters: [parameterRef('IfNoneMatchDescription')],
    responses: {
      200: { description: 'The description.', headers, content: forms(urls) },
      304: notModified,
      ...errors.of('status', 'not-found', 'too-many-requests', 'unavailable'),
    },
    'x-codeSamples': [
      sample('Turtle', 200, `${url}.ttl`),
      sample('Only if it has changed', 304, `${url}.ttl`, {
        headers: { 'If-None-Match': eg.descriptionTag },
      }),
      sample('A form that there is not', 404, `${url}.xml`),
    ],
  };
}

function status({ statusUrl }: DocumentUrls, errors: ErrorResponses): Operation {
  const url = `${statusUrl}/dataset/${eg.dataset}/status`;
  return {
    operationId: 'getDatasetStatus',
    summary: 'See whether a dataset can be written',
    description:
      'While a reset runs, `storageMode` is `read-only`; whoever uses a dataset may ask.',
    tags: ['Datasets'],
    security: open,
    responses: {
      200: {
        description: 'The status.',
        headers: headersOf({ 'Cache-Control': 'no-store' }),
        content: {
          [json]: {
            schema: schemaRef('DatasetStatus'),
            examples: {
              usual: { value: { status: 'published', storageMode: 'read-write', jobs: 'running' } },
            },
          },
        },
      },
      ...errors.of('status', 'not-found', 'too-many-requests', 'unavailable'),
    },
    'x-codeSamples': [sample('Ask', 200, url)],
  };
}
