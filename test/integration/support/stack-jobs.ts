import assert from 'node:assert/strict';
import { type Dataset, getDataset } from '@kasabi/datasets';
import { type TestStack, waitFor } from '@kasabi/test/support';

/** A job document, as far as the tests look at it. */
export interface JobDocument {
  readonly status: string;
  readonly attempt: number;
  readonly message: string | null;
  readonly reason: string | null;
}

export const datasetOf = (stack: TestStack): Promise<Dataset> =>
  getDataset(stack.database.pool(), stack.dataset);

/** Asks for a reset over HTTP and returns the job's id. */
export async function postJob(stack: TestStack, startTime?: Date): Promise<string> {
  const response = await fetch(`${stack.apiUrl}/dataset/${stack.dataset}/jobs`, {
    method: 'POST',
    headers: { 'X-Kasabi-ApiKey': stack.key },
    body: new URLSearchParams({
      jobType: 'reset',
      ...(startTime && { startTime: startTime.toISOString() }),
    }),
  });
  const text = await response.text();
  assert.equal(response.status, 202, text);
  return text.slice(text.lastIndexOf('/') + 1);
}

export async function getJob(stack: TestStack, jobId: string): Promise<JobDocument> {
  const response = await fetch(`${stack.statusUrl}/data/${stack.dataset}/jobs/${jobId}`, {
    headers: { 'X-Kasabi-ApiKey': stack.key },
  });
  assert.equal(response.status, 200);
  return (await response.json()) as JobDocument;
}

/** Waits until a job has ended. */
export function waitForJob(
  stack: TestStack,
  jobId: string,
  timeoutMs = 15_000,
): Promise<JobDocument> {
  return waitFor(
    async () => {
      const job = await getJob(stack, jobId);
      return ['completed', 'failed'].includes(job.status) ? job : undefined;
    },
    { what: `job ${jobId} to end`, timeoutMs },
  );
}

/** Columns of a job's record. */
export async function readJob(stack: TestStack, jobId: string): Promise<Record<string, unknown>> {
  const { rows } = await stack.database.pool().query<Record<string, unknown>>(
    `SELECT *, (extract(epoch FROM started - start_time) * 1000)::float8 AS late_ms
       FROM kasabi.job WHERE id = $1`,
    [jobId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`There is no job ${jobId}.`);
  return row;
}
