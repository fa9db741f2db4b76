import type { ErrorResponses } from './openapi-errors.ts';
import { exampleValues as eg, exampleJobs, sample, withKey } from './openapi-examples.ts';
import { headersOf } from './openapi-headers.ts';
import { keyNeeded, open, parameterRef } from './openapi-parameters.ts';
import { schemaRef } from './openapi-schemas.ts';
import type { DocumentUrls, Operation, PathItem, Server } from './openapi-types.ts';

/** What the api host answers: the paths that change something. */
export function apiPaths(
  urls: DocumentUrls,
  server: Server,
  errors: ErrorResponses,
): Record<string, PathItem> {
  return {
    '/dataset/{short-code}/jobs': {
      servers: [server],
      parameters: [parameterRef('ShortCode')],
      post: submit(urls, errors),
      get: toTheList(urls, errors),
    },
    '/dataset/{short-code}/jobs/{id}': {
      servers: [server],
      parameters: [parameterRef('ShortCode'), parameterRef('JobId')],
      delete: cancelAtApi(urls, errors),
    },
  };
}

const json = 'application/json';

function submit({ apiUrl, statusUrl }: DocumentUrls, errors: ErrorResponses): Operation {
  const url = `${apiUrl}/dataset/${eg.dataset}/jobs`;
  const location = `${statusUrl}/data/${eg.dataset}/jobs/${eg.job}`;
  const later = { jobType: 'reset', startTime: eg.startTime };
  const asForm = `jobType=reset&startTime=${encodeURIComponent(eg.startTime)}`;
  return {
    operationId: 'submitJob',
    summary: 'Ask for a job',
    description:
      "Parameters come in the query string, as a form, or as a JSON object; the same one in two places is fine if its value is the same. `202` means that the job's record is committed: it will run, and end. `Location` is where to watch it.",
    tags: ['Jobs'],
    security: keyNeeded,
    parameters: [
      parameterRef('JobType'),
      parameterRef('StartTime'),
      parameterRef('IdempotencyKey'),
    ],
    requestBody: {
      description: 'The parameters, unless they are in the query string. At most 16,384 bytes.',
      content: {
        'application/x-www-form-urlencoded': {
          schema: schemaRef('JobRequestForm'),
          examples: {
            now: { summary: 'As soon as possible', value: { jobType: 'reset' } },
            later: { summary: 'At a time', value: later },
            keyInside: {
              summary: 'With the key beside the parameters',
              value: { jobType: 'reset', apikey: eg.key },
            },
          },
        },
        [json]: {
          schema: schemaRef('JobRequest'),
          examples: {
            now: { summary: 'As soon as possible', value: { jobType: 'reset' } },
            later: { summary: 'At a time', value: later },
            nothing: {
              summary: 'null is the same as nothing',
              value: { ...later, startTime: null },
            },
          },
        },
      },
    },
    responses: {
      202: {
        description: 'The job is accepted.',
        headers: headersOf({
          Location: true,
          'Cache-Control': 'no-store',
          Vary: 'Accept',
        }),
        content: {
          'text/plain': {
            schema: { type: 'string', format: 'uri', description: "The job's URL, nothing else." },
            examples: { accepted: { value: location } },
          },
          [json]: {
            schema: schemaRef('Job'),
            examples: { accepted: { value: exampleJobs.scheduled } },
          },
        },
      },
      ...errors.of(
        'api',
        'invalid-parameter',
        'malformed-request',
        'unauthorized',
        'not-found',
        'idempotency-in-flight',
        'payload-too-large',
        'unsupported-media-type',
        'idempotency-key-reused',
        'too-many-requests',
        'too-many-open-jobs',
        'unavailable',
      ),
    },
    'x-codeSamples': [
      sample('A form: as soon as possible', 202, url, { headers: withKey, data: 'jobType=reset' }),
      sample('JSON: at a time, safe to repeat', 202, url, {
        headers: {
          Authorization: `Bearer ${eg.key}`,
          'Content-Type': json,
          Accept: json,
          'Idempotency-Key': eg.idempotencyKey,
        },
        data: JSON.stringify(later),
      }),
      sample('Everything in the query string', 202, `${url}?${asForm}&apikey=${eg.key}`, {
        method: 'POST',
      }),
      sample('An unknown parameter', 400, url, { headers: withKey, data: 'jobTyp=reset' }),
      sample('Without a key', 401, url, { headers: { Accept: json }, data: 'jobType=reset' }),
    ],
  };
}

function toTheList({ apiUrl, statusUrl }: DocumentUrls, errors: ErrorResponses): Operation {
  const page = { schema: { type: 'string' } };
  return {
    operationId: 'redirectToJobs',
    summary: 'Be sent to the list of jobs',
    description: `The list is on the other host: see ${statusUrl}/data/{short-code}/jobs. A query string goes with it.`,
    tags: ['Jobs'],
    security: open,
    responses: {
      307: {
        description: 'The list is at `Location`.',
        headers: headersOf({ Location: true, Vary: 'Accept' }),
        content: { 'text/plain': page, 'text/html': page },
      },
      ...errors.of('api', 'too-many-requests', 'unavailable'),
    },
    'x-codeSamples': [
      sample('The list, from here', 307, `${apiUrl}/dataset/${eg.dataset}/jobs?status=failed`),
    ],
  };
}

function cancelAtApi({ apiUrl }: DocumentUrls, errors: ErrorResponses): Operation {
  const url = `${apiUrl}/dataset/${eg.dataset}/jobs/${eg.job}`;
  return {
    operationId: 'cancelJobAtApi',
    summary: 'Cancel a job, at the api host',
    description:
      "The same as `DELETE` of the job's own address on the status host, which hands it on to here.",
    tags: ['Jobs'],
    security: keyNeeded,
    responses: {
      ...cancelled(),
      ...errors.of(
        'api',
        'invalid-parameter',
        'malformed-request',
        'unauthorized',
        'not-found',
        'not-scheduled',
        'too-many-requests',
        'unavailable',
      ),
    },
    'x-codeSamples': [
      sample('Cancel', 200, url, { method: 'DELETE', headers: withKey }),
      sample('Too late', 409, url, { method: 'DELETE', headers: withKey }),
    ],
  };
}

/** The answer to a cancellation, here and on the status host, which has no rate limit of its own. */
export const cancelled = (): Operation['responses'] => ({
  200: {
    description:
      'The job has ended as `failed`, with `reason` `cancelled`; it will not run, and its `message` says by whom.',
    headers: headersOf({ 'Cache-Control': 'no-store' }),
    content: {
      'text/plain': {
        schema: { type: 'string' },
        examples: { cancelled: { value: 'The job is cancelled; it will not run.\n' } },
      },
    },
  },
});
