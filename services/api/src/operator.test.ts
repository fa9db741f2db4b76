// What operators may do, as the operations page asks for it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { lockDataset } from '@kasabi/datasets';
import { type OperatorAction, readOperatorActions } from '@kasabi/operations';
import { withTransaction } from '@kasabi/postgres';
import { startStack, type TestStack } from '@kasabi/test/support';
import { type Answer, ask, jobsUrl, untilEnded } from '@kasabi/test/support/client';

const password = 'correct:horse-battery';
let stack: TestStack;

before(async () => {
  const env = { OPERATOR_PASSWORD: password, TRUST_PROXY: '1', RATE_LIMIT_PER_MINUTE: '5' };
  stack = await startStack({ serviceEnv: { api: env, worker: { MAX_ATTEMPTS: '1' } } });
});
after(() => stack?.stop());

const basic = (secret: string): string => `Basic ${Buffer.from(`op:${secret}`).toString('base64')}`;

function act(
  path: string,
  headers: Record<string, string> = { Authorization: basic(password) },
  method = 'POST',
): Promise<Answer> {
  return ask(`${stack.apiUrl}/ops/${path}`, { method, headers });
}

let client = 0;
async function submit(startTime = '2010-01-01T00:00:00Z'): Promise<string> {
  client += 1;
  const answer = await ask(jobsUrl(stack), {
    method: 'POST',
    headers: { X_KASABI_APIKEY: stack.key, 'X-Forwarded-For': `10.1.0.${client}` },
    body: new URLSearchParams({ jobType: 'reset', startTime }),
  });
  assert.equal(answer.status, 202, answer.text);
  return answer.text.split('/').at(-1) ?? '';
}

const later = (): string => new Date(Date.now() + 3_600_000).toISOString();

const newestAction = async (): Promise<OperatorAction | undefined> =>
  (await readOperatorActions(stack.database.pool('status'), { limit: 1 }))[0];

test('an operator cancels a scheduled job, from an address that the audit names', async () => {
  const jobId = await submit(later());
  const headers = { Authorization: basic(password), 'X-Operator-Address': '2001:db8::7' };
  const done = await act(`jobs/${jobId}/cancel`, headers);
  assert.deepEqual([done.status, JSON.parse(done.text)], [200, { outcome: 'done' }]);
  assert.equal(done.headers.get('cache-control'), 'no-store');
  const action = await newestAction();
  assert.deepEqual([action?.jobId, action?.operatorAddress], [jobId, '2001:db8::7']);
  const again = await act(`jobs/${jobId}/cancel`);
  assert.equal(again.status, 409);
  assert.deepEqual(JSON.parse(again.text), { outcome: 'not-scheduled', status: 'cancelled' });
  assert.equal((await newestAction())?.operatorAddress, '127.0.0.1');
});

test('a job that was cancelled is not repeated', async () => {
  const jobId = await submit(later());
  await act(`jobs/${jobId}/cancel`);
  const refused = await act(`jobs/${jobId}/retry`);
  assert.deepEqual([refused.status, JSON.parse(refused.text)], [409, { outcome: 'cancelled' }]);
});

test('an operator retries a failed job, and it runs', async () => {
  const jobId = await submit(later());
  await stack.database.pool().query(
    `UPDATE kasabi.job SET status = 'failed', reason = 'error', message = 'no', end_time = now()
     WHERE id = $1`,
    [jobId],
  );
  const done = await act(`jobs/${jobId}/retry`);
  const made = JSON.parse(done.text) as { jobId: string; dataset: string };
  assert.deepEqual([done.status, made.dataset], [200, stack.dataset], done.text);
  const url = `${stack.statusUrl}/data/${stack.dataset}/jobs/${made.jobId}`;
  assert.equal((await untilEnded(url, stack.key)).status, 'completed');
  const again = await act(`jobs/${jobId}/retry`);
  assert.equal(again.status, 409);
  assert.deepEqual(JSON.parse(again.text), { outcome: 'repeated', jobId: made.jobId });
});

test('an operator releases the lock of a job that is not there', async () => {
  const { rows } = await stack.database
    .pool()
    .query<{ id: number }>('SELECT id FROM kasabi.dataset');
  const jobId = crypto.randomUUID();
  await withTransaction(stack.database.pool('worker'), (client) =>
    lockDataset(client, { datasetId: rows[0]?.id ?? 0, jobId, timeoutMs: 1_000 }),
  );
  const done = await act(`datasets/${stack.dataset}/unlock`);
  assert.deepEqual([done.status, JSON.parse(done.text)], [200, { outcome: 'done' }]);
  assert.equal((await act(`datasets/${stack.dataset}/unlock`)).status, 409);
});

test('what is not there is 404, whatever is asked of it, and other methods are 405', async () => {
  for (const path of [
    `jobs/${crypto.randomUUID()}/cancel`,
    'jobs/nonsense/retry',
    'datasets/nowhere/unlock',
    'datasets/%00/unlock',
  ]) {
    const { status, text } = await act(path);
    assert.equal(status, 404, path);
    assert.match(JSON.parse(text).outcome, /-unknown$/);
  }
  const { status, headers } = await act('jobs/x/cancel', undefined, 'GET');
  assert.deepEqual([status, headers.get('allow')], [405, 'POST, OPTIONS']);
});

test('without the password there is 401 for everything, a page is refused, and nothing happens', async () => {
  const jobId = await submit(later());
  const wrong: Record<string, string>[] = [
    {},
    { Authorization: basic('correct') },
    { Authorization: `Basic ${Buffer.from(password).toString('base64')}` },
    { Authorization: `Bearer ${password}` },
    { X_KASABI_APIKEY: stack.key },
  ];
  for (const headers of wrong) {
    const { status, headers: answered } = await act(`jobs/${jobId}/cancel`, headers);
    assert.equal(status, 401);
    assert.match(answered.get('www-authenticate') ?? '', /^Basic realm=/);
  }
  assert.equal((await act('anything', {})).status, 401);
  const page = { Authorization: basic(password), Origin: 'http://elsewhere.example' };
  assert.equal((await act(`jobs/${jobId}/cancel`, page)).status, 400);
  const { rows } = await stack.database
    .pool()
    .query<{ status: string }>('SELECT status FROM kasabi.job WHERE id = $1', [jobId]);
  assert.deepEqual(rows, [{ status: 'scheduled' }]);
  const logs = stack.api.logs.join('\n');
  assert.ok(!logs.includes(password) && !logs.includes(basic(password)), 'no log has it');
});

test('100 wrong passwords from ten addresses are answered late, and keep nobody out who knows it', async () => {
  const guess = (n: number) =>
    act('jobs/x/cancel', {
      'X-Forwarded-For': `10.2.0.${n % 10}`,
      Authorization: basic('guess'),
    });
  const begun = performance.now();
  let answered = 0;
  const guesses = Array.from({ length: 100 }, async (_, n) => {
    const { status } = await guess(n);
    answered += 1;
    return status;
  });
  for (const address of ['10.2.0.3', '10.2.1.1', '10.2.0.3']) {
    const headers = { 'X-Forwarded-For': address, Authorization: basic(password) };
    assert.equal((await act('jobs/x/cancel', headers)).status, 404, address);
  }
  assert.ok(answered < 100, 'others are still kept waiting');
  assert.deepEqual(new Set(await Promise.all(guesses)), new Set([401]));
  assert.ok(performance.now() - begun > 900);
  const headers = { 'X-Forwarded-For': '10.2.0.3', Authorization: basic(password) };
  assert.equal((await act('jobs/x/cancel', headers)).status, 404);
});

test('operators are not counted by the limit on requests', async () => {
  for (let sent = 0; sent < 12; sent += 1) assert.equal((await act('jobs/x/cancel')).status, 404);
});
