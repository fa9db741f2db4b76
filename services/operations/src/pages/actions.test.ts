// What operators may do on the operations page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDataset, lockDataset } from '@kasabi/datasets';
import { type OperatorAction, readOperatorActions } from '@kasabi/operations';
import { withTransaction } from '@kasabi/postgres';
import { type OperatedStack, scrape, startStack } from '@kasabi/test/support';
import { ask, inMs, submitForm, untilEnded } from '@kasabi/test/support/client';
import { type Operator, signIn } from '@kasabi/test/support/operator';

const password = 'correct:horse-battery';
let stack: OperatedStack;
let operator: Operator;

before(async () => {
  stack = await startStack({
    operatorPassword: password,
    serviceEnv: { operations: { TRUST_PROXY: '1' }, worker: { MAX_ATTEMPTS: '1' } },
  });
  operator = await signIn(stack.operationsUrl, password);
});
after(() => stack?.stop());

async function submit(dataset = stack.dataset): Promise<string> {
  const parameters = { jobType: 'reset', startTime: inMs(3_600_000) };
  const answer = await submitForm({ ...stack, dataset }, parameters);
  assert.equal(answer.status, 202, answer.text);
  return answer.text.split('/').at(-1) ?? '';
}

async function makeFailed(jobId: string): Promise<void> {
  await stack.database.pool().query(
    `UPDATE kasabi.job SET status = 'failed', reason = 'error', message = 'no', end_time = now()
     WHERE id = $1`,
    [jobId],
  );
}

const newestAction = async (): Promise<OperatorAction | undefined> =>
  (await readOperatorActions(stack.database.pool('operations'), { limit: 1 }))[0];

const cancelled = async (): Promise<number> =>
  (await scrape(stack.operationsUrl)).value('kasabi_jobs_cancelled_total', { by: 'operator' });

test('an operator cancels a scheduled job, from an address that the audit names', async () => {
  const jobId = await submit();
  const done = await operator.act(
    `/jobs/${jobId}/cancel`,
    {},
    { 'X-Forwarded-For': '2001:db8::7' },
  );
  assert.deepEqual(
    [done.status, done.headers.get('location')],
    [303, `/ops/jobs/${jobId}?done=cancelled`],
  );
  assert.equal(done.headers.get('cache-control'), 'no-store');
  const action = await newestAction();
  assert.deepEqual([action?.jobId, action?.operatorAddress], [jobId, '2001:db8::7']);
  const again = await operator.act(`/jobs/${jobId}/cancel`);
  assert.equal(again.status, 409);
  assert.match(again.text, /Only a scheduled reset can be cancelled; this one is cancelled\./);
  assert.equal((await newestAction())?.operatorAddress, '127.0.0.1');
});

test('a job that was cancelled is not repeated', async () => {
  const jobId = await submit();
  await operator.act(`/jobs/${jobId}/cancel`);
  const refused = await operator.act(`/jobs/${jobId}/retry`);
  assert.equal(refused.status, 409);
  assert.match(refused.text, /A cancelled job cannot be repeated\./);
});

test('an operator retries a failed job, and it runs', async () => {
  const jobId = await submit();
  await makeFailed(jobId);
  const done = await operator.act(`/jobs/${jobId}/retry`);
  assert.equal(done.status, 303, done.text);
  const made = /^\/ops\/jobs\/([\da-f-]+)\?done=repeated$/.exec(
    done.headers.get('location') ?? '',
  )?.[1];
  assert.notEqual(made, jobId);
  const url = `${stack.statusUrl}/data/${stack.dataset}/jobs/${made}`;
  assert.equal((await untilEnded(url, stack.key)).status, 'completed');
  const again = await operator.act(`/jobs/${jobId}/retry`);
  assert.equal(again.status, 409);
  assert.match(again.text, new RegExp(`This job was already repeated, by the job ${made}\\.`));
});

test('an operator unlocks a dataset whose job is not there', async () => {
  const { rows } = await stack.database
    .pool()
    .query<{ id: number }>('SELECT id FROM kasabi.dataset');
  const jobId = crypto.randomUUID();
  await withTransaction(stack.database.pool('worker'), (client) =>
    lockDataset(client, { datasetId: rows[0]?.id ?? 0, jobId, timeoutMs: 1_000 }),
  );
  const path = `/datasets/${stack.dataset}/unlock`;
  const done = await operator.act(path);
  assert.deepEqual(
    [done.status, done.headers.get('location')],
    [303, `/ops/datasets/${stack.dataset}?done=unlocked`],
  );
  assert.equal((await operator.act(path)).status, 409);
});

test('an operator cancels all that a filter finds, as many as were told of and each counted', async () => {
  await createDataset(stack.database.pool(), { code: 'many', owner: stack.owner });
  for (let jobs = 0; jobs < 3; jobs += 1) await submit('many');
  const path = '/bulk/cancel?dataset=many';
  const before = await cancelled();
  const fewer = await operator.act(path, { count: '2' });
  assert.equal(fewer.status, 409);
  assert.match(fewer.text, /Nothing was done: 3 jobs match now/);
  for (const wrong of [{ count: 'all' }, { count: '100001' }, { newest: 'x' }]) {
    assert.equal((await operator.act(path, wrong)).status, 400, JSON.stringify(wrong));
  }
  const done = await operator.act(path);
  assert.match(
    done.headers.get('location') ?? '',
    /^\/ops\/audit\?of=[\da-f-]+&done=all-cancelled$/,
  );
  assert.equal((await cancelled()) - before, 3);
});

test('what is not there is 404, whatever is asked of it, and other methods are 405', async () => {
  for (const path of [
    `/jobs/${crypto.randomUUID()}/cancel`,
    '/jobs/nonsense/retry',
    '/datasets/nowhere/unlock',
    '/datasets/%00/unlock',
    '/findings/nonsense/acknowledge',
  ]) {
    assert.equal((await operator.act(path)).status, 404, path);
  }
  const { status } = await ask(`${stack.operationsUrl}/ops/jobs/x/cancel`, {
    method: 'PUT',
    headers: { Cookie: operator.cookie },
  });
  assert.equal(status, 403, 'nothing but a form of the session');
});

test('without a session nothing happens, and no log has the password', async () => {
  const jobId = await submit();
  const basic = Buffer.from(`op:${password}`).toString('base64');
  for (const headers of [
    {},
    { Authorization: `Basic ${basic}` },
    { X_KASABI_APIKEY: stack.key },
    { Cookie: `${operator.cookie}x` },
  ] as Record<string, string>[]) {
    const url = `${stack.operationsUrl}/ops/jobs/${jobId}/cancel`;
    const { status } = await ask(url, { method: 'POST', headers });
    assert.equal(status, 401);
  }
  const { rows } = await stack.database
    .pool()
    .query<{ status: string }>('SELECT status FROM kasabi.job WHERE id = $1', [jobId]);
  assert.deepEqual(rows, [{ status: 'scheduled' }]);
  const logs = stack.operations.logs.join('\n');
  assert.ok(!logs.includes(password) && !logs.includes(basic), 'no log has it');
});
