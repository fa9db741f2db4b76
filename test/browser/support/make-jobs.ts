import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createDataset, lockDataset } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import type { OperatedStack } from '@kasabi/test/support';
import { inMs, submitForm } from '@kasabi/test/support/client';

/** Submits a job that starts in this many milliseconds, and returns its id. */
export async function submit(stack: OperatedStack, startsInMs: number): Promise<string> {
  const answer = await submitForm(stack, { jobType: 'reset', startTime: inMs(startsInMs) });
  assert.equal(answer.status, 202, answer.text);
  return answer.text.split('/').at(-1) ?? '';
}

/** Makes a dataset that is locked by a job which does not exist. */
export async function lockAbandoned(
  { database, owner }: OperatedStack,
  code: string,
): Promise<void> {
  const { id } = await createDataset(database.pool(), { code, owner });
  await withTransaction(database.pool('worker'), (client) =>
    lockDataset(client, { datasetId: id, jobId: randomUUID(), timeoutMs: 1_000 }),
  );
}

/** Turns a cancelled job into one that failed, which would take hours. */
export async function makeFailed({ database }: OperatedStack, id: string): Promise<void> {
  const pool = database.pool();
  await pool.query('DELETE FROM kasabi.job_transition WHERE job_id = $1', [id]);
  await pool.query(
    `UPDATE kasabi.job SET status = 'failed', reason = 'busy', message = 'Writers kept it busy.'
     WHERE id = $1`,
    [id],
  );
}
