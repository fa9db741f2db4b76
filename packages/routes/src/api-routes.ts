import { statusUrl } from './addresses.ts';
import { exampleValues as eg, exampleJobs, values, withKey } from './examples.ts';
import type { Answer, Routes } from './route.ts';
import { schemaRef } from './schemas.ts';

const json = 'application/json';
const later = { jobType: 'reset', startTime: eg.startTime };
const asForm = `jobType=reset&startTime=${encodeURIComponent(eg.startTime)}`;
const requests = {
  now: { summary: 'As soon as possible', value: { jobType: 'reset' } },
  later: { summary: 'At a time', value: later },
  export: { summary: 'An export', value: { jobType: 'export', format: 'nq' } },
  restore: { summary: 'A restore', value: { jobType: 'restore', source: eg.export } },
};
const page = { schema: { type: 'string' } } as const;

/** The answer to a cancellation, on either host. */
export const cancelled: Answer = {
  description:
    'The job has ended as `failed`, with `reason` `cancelled`; it will not run, and its `message` says who cancelled it.',
  headers: { 'Cache-Control': 'no-store' },
  content: {
    'text/plain': {
      schema: { type: 'string' },
      examples: values({ cancelled: 'The job is cancelled; it will not run.\n' }),
    },
  },
};

export const cancelSamples = [
  ['Cancel', 200, { headers: withKey }],
  ['Too late', 409, { headers: withKey }],
] as const;

/** The routes of the api host, which change something. */
export const apiRoutes = {
  submitJob: {
    method: 'post',
    path: '/dataset/{short-code}/jobs',
    summary: 'Request a job',
    description:
      "Parameters come in the query string, as a form, or as a JSON object; the same one may come twice if its value is the same. `202` means that the job's record is committed: the job will run, and end. `Location` is where to watch it.",
    needsKey: true,
    parameters: ['JobType', 'StartTime', 'Format', 'KeepExport', 'Source', 'IdempotencyKey'],
    body: {
      description: 'The parameters, unless they are in the query string. At most 16,384 bytes.',
      content: {
        'application/x-www-form-urlencoded': {
          schema: schemaRef('JobRequestForm'),
          examples: {
            ...requests,
            keyInside: {
              summary: 'With the key among the parameters',
              value: { jobType: 'reset', apikey: eg.key },
            },
          },
        },
        [json]: {
          schema: schemaRef('JobRequest'),
          examples: {
            ...requests,
            nothing: {
              summary: 'null is the same as nothing',
              value: { ...later, startTime: null },
            },
          },
        },
      },
    },
    answers: {
      202: {
        description: 'The job is accepted.',
        headers: { Location: true, 'Cache-Control': 'no-store', Vary: 'Accept' },
        content: {
          'text/plain': {
            schema: { type: 'string', format: 'uri', description: "The job's URL, nothing else." },
            examples: values({ accepted: `${statusUrl}/data/${eg.dataset}/jobs/${eg.job}` }),
          },
          [json]: {
            schema: schemaRef('Job'),
            examples: values({ accepted: exampleJobs.scheduled }),
          },
        },
      },
    },
    errors: [
      'idempotency-in-flight',
      'gone',
      'payload-too-large',
      'unsupported-media-type',
      'idempotency-key-reused',
      'too-many-open-jobs',
    ],
    samples: [
      ['A form: as soon as possible', 202, { headers: withKey, data: 'jobType=reset' }],
      [
        'JSON: at a time, safe to repeat',
        202,
        {
          headers: {
            Authorization: `Bearer ${eg.key}`,
            'Content-Type': json,
            Accept: json,
            'Idempotency-Key': eg.idempotencyKey,
          },
          data: JSON.stringify(later),
        },
      ],
      ['Everything in the query string', 202, { query: `${asForm}&apikey=${eg.key}` }],
      ['An unknown parameter', 400, { headers: withKey, data: 'jobTyp=reset' }],
      ['Without a key', 401, { headers: { Accept: json }, data: 'jobType=reset' }],
    ],
  },
  redirectToJobs: {
    method: 'get',
    path: '/dataset/{short-code}/jobs',
    summary: 'Go to the list of jobs',
    description: `The list is on the status host: see ${statusUrl}/data/{short-code}/jobs. The query string is kept.`,
    answers: {
      307: {
        description: 'The list is at `Location`.',
        headers: { Location: true, Vary: 'Accept' },
        content: { 'text/plain': page, 'text/html': page },
      },
    },
    samples: [['The list, from here', 307, { query: 'status=failed' }]],
  },
  cancelJobAtApi: {
    method: 'delete',
    path: '/dataset/{short-code}/jobs/{id}',
    summary: 'Cancel a job, at the api host',
    description:
      "The same as `DELETE` of the job's own address on the status host, which forwards it to this route.",
    needsKey: true,
    answers: { 200: cancelled },
    errors: ['not-scheduled'],
    samples: cancelSamples,
  },
} as const satisfies Routes;
