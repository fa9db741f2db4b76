import { apiUrl, statusUrl } from './addresses.ts';
import type { MediaType } from './document-types.ts';
import { exampleValues as eg, values } from './examples.ts';
import type { Routes } from './route.ts';
import { schemaRef } from './schemas.ts';

const json = 'application/json';
const iri = `${statusUrl}/dataset/${eg.dataset}`;
const jobs = `${apiUrl}/dataset/${eg.dataset}/jobs`;
const jobsEndpoint = 'http://labs.kasabi.com/ns/services#jobsEndpoint';
const turtle: MediaType = {
  schema: { type: 'string', description: 'Turtle.' },
  examples: values({ start: `<${iri}> <${jobsEndpoint}> <${jobs}>.\n` }),
};
const rdfJson: MediaType = {
  schema: schemaRef('DatasetDescription'),
  examples: values({ start: { [iri]: { [jobsEndpoint]: [{ type: 'uri', value: jobs }] } } }),
};
const headers = {
  'Content-Location': true,
  ETag: true,
  'Cache-Control': 'public, max-age=60',
  Vary: 'Accept',
} as const;

/** The answers with a description, in each of its formats. */
const described = {
  200: {
    description: 'The description.',
    headers,
    content: {
      'text/turtle': turtle,
      [json]: rdfJson,
      'application/rdf+json': rdfJson,
      'text/html': { schema: { type: 'string', description: 'An HTML page.' } },
      'application/x-turtle': turtle,
      'text/n3': turtle,
    },
  },
  304: { description: "The client's copy is current.", headers },
} as const;

/** The routes for datasets, on the status host; they need no key. */
export const datasetRoutes = {
  describeDataset: {
    method: 'get',
    path: '/dataset/{short-code}',
    summary: 'Find the services of a dataset',
    description:
      'Describes the dataset in RDF (VoID), with the addresses of its jobs and of its status: `http://labs.kasabi.com/ns/services#jobsEndpoint` and `#statusEndpoint`. The format is the one that `Accept` prefers; without a preference, Turtle.',
    parameters: ['IfNoneMatchDescription'],
    answers: described,
    errors: ['not-found'],
    samples: [
      ['Turtle', 200, { headers: { Accept: 'text/turtle' } }],
      ['RDF/JSON', 200, { headers: { Accept: json } }],
      [
        'Only if it has changed',
        304,
        { headers: { Accept: 'text/turtle', 'If-None-Match': eg.descriptionTag } },
      ],
    ],
  },
  describeDatasetAs: {
    method: 'get',
    path: '/dataset/{short-code}.{extension}',
    summary: 'Find the services of a dataset, in a given format',
    description: 'The same, in the format that the address names: `.ttl`, `.json` or `.html`.',
    parameters: ['IfNoneMatchDescription'],
    answers: described,
    errors: ['not-found'],
    samples: [
      ['Turtle', 200],
      ['Only if it has changed', 304, { headers: { 'If-None-Match': eg.descriptionTag } }],
      ['A format that does not exist', 404, { extension: 'xml' }],
    ],
  },
  getDatasetStatus: {
    method: 'get',
    path: '/dataset/{short-code}/status',
    summary: 'See whether a dataset can be written',
    description:
      'While a reset runs, `storageMode` is `read-only`. Anybody who uses a dataset may ask.',
    answers: {
      200: {
        description: 'The status.',
        headers: { 'Cache-Control': 'no-store' },
        content: {
          [json]: {
            schema: schemaRef('DatasetStatus'),
            examples: values({
              usual: { status: 'published', storageMode: 'read-write', jobs: 'running' },
            }),
          },
        },
      },
    },
    errors: ['not-found'],
    samples: [['Ask', 200]],
  },
} as const satisfies Routes;
