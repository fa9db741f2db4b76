import { statusUrl } from './addresses.ts';
import { cancelled, cancelSamples } from './api-routes.ts';
import { exampleValues as eg, exampleJobs, values, withKey } from './examples.ts';
import type { Routes } from './route.ts';
import { schemaRef } from './schemas.ts';

const json = 'application/json';
const listed = {
  ...exampleJobs.completed,
  id: eg.job,
  url: `${statusUrl}/data/${eg.dataset}/jobs/${eg.job}`,
};
const eventId = eg.jobTag.slice(1, -1);
const stream = [
  'retry: 1000',
  `id: ${eventId}\nevent: status\ndata: ${JSON.stringify(exampleJobs.completed)}`,
];
const headers = {
  ETag: true,
  'Cache-Control': true,
  Vary: 'Prefer',
  'Retry-After': false,
  'Preference-Applied': false,
} as const;

/** The routes for jobs, on the status host. */
export const jobRoutes = {
  listJobs: {
    method: 'get',
    path: '/data/{short-code}/jobs',
    summary: "List a dataset's jobs",
    description: 'Newest first, in pages: follow `Link` until there is none.',
    needsKey: true,
    parameters: ['ListStatus', 'ListJobType', 'ListLimit', 'ListCursor'],
    answers: {
      200: {
        description: 'A page of jobs, each with its address.',
        headers: { Link: false, 'Cache-Control': 'private, no-cache' },
        content: {
          [json]: { schema: schemaRef('JobList'), examples: values({ page: { jobs: [listed] } }) },
        },
      },
    },
    samples: [
      ['The newest', 200, { headers: withKey }],
      [
        'The next page of failed jobs',
        200,
        { query: `status=failed&cursor=${eg.cursor}`, headers: withKey },
      ],
      ['A limit that is too high', 400, { query: 'limit=1000', headers: withKey }],
    ],
  },
  getJob: {
    method: 'get',
    path: '/data/{short-code}/jobs/{id}',
    summary: 'Look at a job, or wait for it',
    description:
      'Until the job has ended, the answer has `Retry-After` and must not be reused without asking again; afterwards it may be cached for an hour. The record of an ended job is kept for 90 days, unless the operators have set another time.',
    needsKey: true,
    parameters: ['Prefer', 'IfNoneMatchJob'],
    answers: {
      200: {
        description: 'The job.',
        headers,
        content: {
          [json]: {
            schema: schemaRef('Job'),
            examples: {
              ...values({ scheduled: exampleJobs.scheduled, completed: exampleJobs.completed }),
              failed: { summary: 'Cancelled', value: exampleJobs.failed },
            },
          },
        },
      },
      304: { description: "The client's copy is current.", headers },
    },
    samples: [
      ['Look', 200, { headers: withKey }],
      ['Wait up to 30 seconds', 200, { headers: { ...withKey, Prefer: 'wait=30' } }],
      ['Only if it has changed', 304, { headers: { ...withKey, 'If-None-Match': eg.jobTag } }],
    ],
  },
  cancelJob: {
    method: 'delete',
    path: '/data/{short-code}/jobs/{id}',
    summary: 'Cancel a job',
    description:
      "A scheduled job ends as `failed`, with `reason` `cancelled`, and never runs. One that is running or has ended stays as it is: `409`. The api host's rate limit counts these requests.",
    needsKey: true,
    answers: { 200: cancelled },
    errors: ['not-scheduled'],
    samples: cancelSamples,
  },
  watchJob: {
    method: 'get',
    path: '/data/{short-code}/jobs/{id}/events',
    summary: 'Follow a job',
    description:
      "Server-sent events: one `status` event at once and one at each change of state, each with the job's document as `data`. The stream ends when the job has ended; a comment every 15 seconds keeps it open until then.",
    needsKey: true,
    parameters: ['LastEventId'],
    answers: {
      200: {
        description: 'The stream.',
        headers: { 'Cache-Control': 'no-store' },
        content: {
          'text/event-stream': {
            schema: { type: 'string', pattern: '^retry: \\d+\\n\\n' },
            examples: values({ ended: `${stream.join('\n\n')}\n\n` }),
          },
        },
      },
      204: {
        description: 'The job has ended, and the client knows it. An EventSource stops here.',
        headers: {},
      },
    },
    samples: [
      ['Watch', 200, { headers: withKey, stream: true }],
      [
        'Resume after a lost connection',
        204,
        { headers: { ...withKey, 'Last-Event-ID': eventId }, stream: true },
      ],
    ],
  },
} as const satisfies Routes;
