import { cursorAfter, type JobFacts, jobDocumentOf } from '@kasabi/protocol';
import { statusUrl } from './addresses.ts';

const job = '01a20884-0fde-7de2-a5a9-9bbb6dc070ee';

/** The values in the examples. People who try them replace these with their own. */
export const exampleValues = {
  key: 'demo-key',
  // One of the datasets that `npm start` creates.
  dataset: 'schema',
  job,
  idempotencyKey: '5f0c1e0e-8d0c-4c1b-9a53-6a6a2f1a8c11',
  /** A job that is an export, and its file's tag. */
  export: '01a20890-2c31-7b0e-9d55-3f0c7a1be2d4',
  exportTag: '"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"',
  jobTag: '"Qm9vmNx4kq0WlYqHq3fEJ2t0y5A"',
  descriptionTag: '"b1Yf3v8lE5Zc0sRrTq9hUu7XwKo"',
  documentTag: '"x7PdK2m4Vn6sQ9tW1yZ3cB5eG8j"',
  cursor: cursorAfter(job),
  startTime: '2027-01-01T03:00:00+01:00',
} as const;

const exampleJob = (facts: Partial<JobFacts>) =>
  jobDocumentOf(
    {
      ...{ id: job, dataset: exampleValues.dataset, type: 'reset', status: 'scheduled' },
      ...{ created, startTime: created, endTime: null, attempt: 0, message: null, reason: null },
      ...{ progress: null, result: null },
      ...facts,
    },
    { successStatus: 'completed', statusUrl },
  );

const created = new Date('2026-11-23T13:06:42Z');
const startTime = new Date(exampleValues.startTime);

/** A job's document, as the examples show it. */
export const exampleJobs = {
  scheduled: exampleJob({ startTime }),
  completed: exampleJob({
    status: 'completed',
    endTime: new Date('2026-11-23T13:06:43Z'),
    attempt: 1,
  }),
  failed: exampleJob({
    status: 'cancelled',
    startTime,
    endTime: new Date('2026-11-23T13:10:00Z'),
    message: 'Cancelled by demo (key 1) before it started.',
  }),
};

/** Examples of a body, by their names. */
export const values = (examples: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));

/** The header that most examples carry. */
export const withKey = { X_KASABI_APIKEY: exampleValues.key };
