import assert from 'node:assert/strict';
import type { JobDocument } from '@kasabi/protocol';
import type { TestStack } from './stack.ts';
import { waitFor } from './wait-for.ts';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends a request and reads the whole answer. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Where jobs of a dataset are asked for. */
export const jobsUrl = (stack: TestStack, code: string = stack.dataset): string =>
  `${stack.apiUrl}/dataset/${code}/jobs`;

export const form = 'application/x-www-form-urlencoded';

/** Asks for a job as the clients of 2011 did: a form, and the key in a header with underscores. */
export function submitForm(
  stack: TestStack,
  parameters: Record<string, string>,
  headers: Record<string, string> = { X_KASABI_APIKEY: stack.key },
): Promise<Answer> {
  return ask(jobsUrl(stack), {
    method: 'POST',
    headers: { 'Content-Type': form, ...headers },
    body: new URLSearchParams(parameters).toString(),
  });
}

/** The document of an accepted job. */
export async function jobAt(url: string, key: string): Promise<JobDocument> {
  const { status, text } = await ask(url, { headers: { X_KASABI_APIKEY: key } });
  assert.equal(status, 200, text);
  return JSON.parse(text) as JobDocument;
}

/** Polls a job until it has ended. */
export function untilEnded(url: string, key: string, timeoutMs = 15_000): Promise<JobDocument> {
  return waitFor(
    async () => {
      const job = await jobAt(url, key);
      return job.endTime === null ? undefined : job;
    },
    { what: `${url} to end`, timeoutMs, everyMs: 50 },
  );
}

/** How many records there are, of any dataset. */
export async function countRecords(stack: TestStack): Promise<number> {
  const { rows } = await stack.database
    .pool()
    .query<{ count: number }>('SELECT count(*)::int AS count FROM kasabi.job');
  return rows[0]?.count ?? Number.NaN;
}

/** A moment `ms` from now, as RFC 3339 has it. */
export const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** Asserts that an answer is an error in one plain-text sentence that `sentence` matches. */
export function assertRefused(answer: Answer, status: number, sentence: RegExp): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.match(answer.text, /^[A-Z_a-z][^\n]+[.?]\n$/);
  assert.match(answer.text, sentence);
  assert.match(answer.headers.get('x-request-id') ?? '', /^[\w.:-]{8,64}$/);
}
