import { cursorAfter } from './job-list-request.ts';
import type { CodeSample } from './openapi-types.ts';

const job = '01a20884-0fde-7de2-a5a9-9bbb6dc070ee';

/** What the examples are about. Whoever tries them puts values of their own in these places. */
export const exampleValues = {
  key: 'demo-key',
  // One of those that `npm start` makes.
  dataset: 'schema',
  job,
  idempotencyKey: '5f0c1e0e-8d0c-4c1b-9a53-6a6a2f1a8c11',
  jobTag: '"Qm9vmNx4kq0WlYqHq3fEJ2t0y5A"',
  descriptionTag: '"b1Yf3v8lE5Zc0sRrTq9hUu7XwKo"',
  documentTag: '"x7PdK2m4Vn6sQ9tW1yZ3cB5eG8j"',
  cursor: cursorAfter(job),
  startTime: '2027-01-01T03:00:00+01:00',
} as const;

/** A job's document, as the examples show it. */
export const exampleJobs = {
  scheduled: {
    created: '2026-11-23T13:06:42Z',
    startTime: '2027-01-01T02:00:00Z',
    endTime: null,
    status: 'scheduled',
    jobStatus: 'pending',
    jobType: 'reset',
    dataset: exampleValues.dataset,
    attempt: 0,
    message: null,
    reason: null,
  },
  completed: {
    created: '2026-11-23T13:06:42Z',
    startTime: '2026-11-23T13:06:42Z',
    endTime: '2026-11-23T13:06:43Z',
    status: 'completed',
    jobStatus: 'applied',
    jobType: 'reset',
    dataset: exampleValues.dataset,
    attempt: 1,
    message: null,
    reason: null,
  },
  failed: {
    created: '2026-11-23T13:06:42Z',
    startTime: '2027-01-01T02:00:00Z',
    endTime: '2026-11-23T13:10:00Z',
    status: 'failed',
    jobStatus: 'failed',
    jobType: 'reset',
    dataset: exampleValues.dataset,
    attempt: 0,
    message: 'Cancelled by demo (key 1) before it started.',
    reason: 'cancelled',
  },
} as const;

/** The header that most examples carry. */
export const withKey = { X_KASABI_APIKEY: exampleValues.key };

export interface SampleRequest {
  readonly method?: 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** A body; curl sends it as a form unless a header says otherwise. */
  readonly data?: string;
  /** Whether curl is to show a stream as it comes. */
  readonly stream?: boolean;
}

/** A request to try, with curl; and the status of its answer. */
export function sample(
  label: string,
  status: number,
  url: string,
  request: SampleRequest = {},
): CodeSample {
  const { method, headers = {}, data, stream } = request;
  const words = [
    'curl',
    stream ? '-iN' : '-i',
    ...(method === undefined ? [] : ['-X', method]),
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(data === undefined ? [] : ['-d', data]),
    url,
  ];
  return { lang: 'Shell', label, source: words.map(quote).join(' '), 'x-status': status };
}

function quote(word: string): string {
  return /^[\w.:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
