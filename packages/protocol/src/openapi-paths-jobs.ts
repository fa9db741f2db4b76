import type { ErrorCode } from './errors.ts';
import type { ErrorResponses } from './openapi-errors.ts';
import { exampleValues as eg, exampleJobs, sample, withKey } from './openapi-examples.ts';
import { headersOf } from './openapi-headers.ts';
import { keyNeeded, parameterRef } from './openapi-parameters.ts';
import { cancelled } from './openapi-paths-api.ts';
import { schemaRef } from './openapi-schemas.ts';
import type { DocumentUrls, Operation, PathItem, Server } from './openapi-types.ts';

/** What the status host answers about jobs. */
export function jobPaths(
  { statusUrl }: DocumentUrls,
  server: Server,
  errors: ErrorResponses,
): Record<string, PathItem> {
  const list = `${statusUrl}/data/${eg.dataset}/jobs`;
  const job = `${list}/${eg.job}`;
  const shared = [parameterRef('ShortCode')];
  const ofJob = [...shared, parameterRef('JobId')];
  return {
    '/data/{short-code}/jobs': {
      servers: [server],
      parameters: shared,
      get: listJobs(list, errors),
    },
    '/data/{short-code}/jobs/{id}': {
      servers: [server],
      parameters: ofJob,
      get: getJob(job, errors),
      delete: cancelJob(job, errors),
    },
    '/data/{short-code}/jobs/{id}/events': {
      servers: [server],
      parameters: ofJob,
      get: watchJob(`${job}/events`, errors),
    },
  };
}

const readErrors: readonly ErrorCode[] = [
  'invalid-parameter',
  'malformed-request',
  'unauthorized',
  'not-found',
  'too-many-requests',
  'unavailable',
];

function listJobs(url: string, errors: ErrorResponses): Operation {
  const entry = { ...exampleJobs.completed, id: eg.job, url: `${url}/${eg.job}` };
  return {
    operationId: 'listJobs',
    summary: "List a dataset's jobs",
    description: 'Newest first, in pages: follow `Link` until there is none.',
    tags: ['Jobs'],
    security: keyNeeded,
    parameters: [
      parameterRef('ListStatus'),
      parameterRef('ListJobType'),
      parameterRef('ListLimit'),
      parameterRef('ListCursor'),
    ],
    responses: {
      200: {
        description: 'A page of jobs, each with its address.',
        headers: headersOf({ Link: false, 'Cache-Control': 'private, no-cache' }),
        content: {
          'application/json': {
            schema: schemaRef('JobList'),
            examples: { page: { value: { jobs: [entry] } } },
          },
        },
      },
      ...errors.of('status', ...readErrors),
    },
    'x-codeSamples': [
      sample('The newest', 200, url, { headers: withKey }),
      sample('The next page of failed ones', 200, `${url}?status=failed&cursor=${eg.cursor}`, {
        headers: withKey,
      }),
      sample('More than there can be', 400, `${url}?limit=1000`, { headers: withKey }),
    ],
  };
}

function getJob(url: string, errors: ErrorResponses): Operation {
  const headers = {
    ETag: true,
    'Cache-Control': true,
    Vary: 'Prefer',
    'Retry-After': false,
    'Preference-Applied': false,
  };
  return {
    operationId: 'getJob',
    summary: 'Look at a job, or wait for it',
    description:
      'Until the job has ended, the answer has `Retry-After` and may not be reused without asking; afterwards it may be kept for an hour. The record of an ended job is kept for 90 days, unless the operators keep it for another time.',
    tags: ['Jobs'],
    security: keyNeeded,
    parameters: [parameterRef('Prefer'), parameterRef('IfNoneMatchJob')],
    responses: {
      200: {
        description: 'The job.',
        headers: headersOf(headers),
        content: {
          'application/json': {
            schema: schemaRef('Job'),
            examples: {
              scheduled: { value: exampleJobs.scheduled },
              completed: { value: exampleJobs.completed },
              failed: { summary: 'Cancelled', value: exampleJobs.failed },
            },
          },
        },
      },
      304: { description: 'The copy that the client has is current.', headers: headersOf(headers) },
      ...errors.of('status', ...readErrors),
    },
    'x-codeSamples': [
      sample('Look', 200, url, { headers: withKey }),
      sample('Wait up to 30 seconds', 200, url, { headers: { ...withKey, Prefer: 'wait=30' } }),
      sample('Only if it has changed', 304, url, {
        headers: { ...withKey, 'If-None-Match': eg.jobTag },
      }),
    ],
  };
}

function cancelJob(url: string, errors: ErrorResponses): Operation {
  return {
    operationId: 'cancelJob',
    summary: 'Cancel a job',
    description:
      "A scheduled job ends as `failed`, with `reason` `cancelled`, and never runs. One that is running or has ended stays as it is: `409`. The api host's rate limit counts these requests.",
    tags: ['Jobs'],
    security: keyNeeded,
    responses: {
      ...cancelled(),
      ...errors.of('status', ...readErrors, 'not-scheduled'),
    },
    'x-codeSamples': [
      sample('Cancel', 200, url, { method: 'DELETE', headers: withKey }),
      sample('Too late', 409, url, { method: 'DELETE', headers: withKey }),
    ],
  };
}

function watchJob(url: string, errors: ErrorResponses): Operation {
  const stream = [
    'retry: 1000',
    `id: ${eg.jobTag.slice(1, -1)}\nevent: status\ndata: ${JSON.stringify(exampleJobs.completed)}`,
  ];
  return {
    operationId: 'watchJob',
    summary: 'Be told of each change of a job',
    description:
      "Server-sent events: one `status` event at once and one at each change of state, each with the job's document as `data`. The stream ends when the job has ended; a comment every 15 seconds keeps it open until then.",
    tags: ['Jobs'],
    security: keyNeeded,
    parameters: [parameterRef('LastEventId')],
    responses: {
      200: {
        description: 'The stream.',
        headers: headersOf({ 'Cache-Control': 'no-store' }),
        content: {
          'text/event-stream': {
            schema: { type: 'string', pattern: '^retry: \\d+\\n\\n' },
            examples: { ended: { value: `${stream.join('\n\n')}\n\n` } },
          },
        },
      },
      204: {
        description: 'The job has ended, and the client knows: an EventSource stops here.',
        headers: headersOf({}),
      },
      ...errors.of('status', ...readErrors),
    },
    'x-codeSamples': [
      sample('Watch', 200, url, { headers: withKey, stream: true }),
      sample('Go on where it broke off', 204, url, {
        headers: { ...withKey, 'Last-Event-ID': eg.jobTag.slice(1, -1) },
        stream: true,
      }),
    ],
  };
}
