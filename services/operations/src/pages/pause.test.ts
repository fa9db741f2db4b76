// What operators pause and resume on the page, and where that is seen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readPauses } from '@kasabi/operations';
import { type OperatedStack, startStack, waitFor } from '@kasabi/test/support';
import { ask, jobAt, submitForm, untilEnded } from '@kasabi/test/support/client';
import { type Operator, signIn } from '@kasabi/test/support/operator';

const password = 'correct:horse-battery';
let stack: OperatedStack;
let operator: Operator;

before(async () => {
  const operations = { SAMPLE_INTERVAL_MS: '1000' };
  stack = await startStack({ operatorPassword: password, serviceEnv: { operations } });
  operator = await signIn(stack.operationsUrl, password);
});
after(() => stack?.stop());

const statusOf = async (): Promise<string> =>
  (await ask(`${stack.statusUrl}/dataset/nasa/status`)).text;

const metric = async (url: string, name: string): Promise<number> => {
  const { text } = await ask(`${url}/metrics`);
  const line = text.split('\n').find((it) => it.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
};

async function submit(): Promise<string> {
  const { status, text } = await submitForm(stack, { jobType: 'reset' });
  assert.equal(status, 202, text);
  return text.trim();
}

for (const place of ['', '/datasets/nasa']) {
  test(`${place || 'all jobs'}: jobs are accepted and wait, their owner is told, and they run after the resume`, async () => {
    const paused = await operator.act(`${place}/pause`, { reason: 'a restore' });
    assert.deepEqual(
      [paused.status, paused.headers.get('location')],
      [303, `/ops${place}?done=paused`],
    );
    const [pause] = await readPauses(stack.database.pool('operations'));
    assert.deepEqual(
      [pause?.dataset, pause?.reason, pause?.by],
      [place === '' ? null : 'nasa', 'a restore', '127.0.0.1'],
    );
    assert.equal((await operator.act(`${place}/pause`)).status, 409);
    assert.equal(await statusOf(), '{"status":"draft","storageMode":"read-write","jobs":"paused"}');

    const worker = stack.workers[0]?.url ?? assert.fail();
    const refused = 'kasabi_jobs_snoozed_total{reason="paused"}';
    const before = await metric(worker, refused);
    const job = await submit();
    await waitFor(async () => (await metric(worker, refused)) > before, { what: 'a refusal' });
    const { status, attempt, message } = await jobAt(job, stack.key);
    assert.deepEqual(
      [status, attempt, message],
      ['scheduled', 0, 'The job is due and waits: its operators have paused it.'],
    );
    const scope = place === '' ? 'all' : 'dataset';
    await waitFor(
      async () => (await metric(stack.operationsUrl, `kasabi_paused{scope="${scope}"}`)) === 1,
      { what: 'the metric' },
    );
    assert.equal(await metric(stack.operationsUrl, 'kasabi_findings{code="paused"}'), 1);
    assert.equal(await metric(stack.operationsUrl, 'kasabi_oldest_due_job_age_seconds'), 0);

    assert.match((await operator.look(`${place}/resume`)).text, /<dd>1 job<\/dd>/);
    const resumed = await operator.act(`${place}/resume`);
    assert.deepEqual(
      [resumed.status, resumed.headers.get('location')],
      [303, `/ops${place}?done=resumed`],
    );
    assert.equal((await untilEnded(job, stack.key)).status, 'completed');
    assert.equal((await operator.act(`${place}/resume`)).status, 409);
    assert.match(await statusOf(), /"jobs":"running"/);
  });
}

test('it is for operators alone, and bad requests change nothing', async () => {
  await assert.rejects(signIn(stack.operationsUrl, 'not-the-password'), /No sign-in: 403/);
  assert.equal((await operator.act('/datasets/nowhere/pause')).status, 404);
  assert.equal((await operator.act('/datasets/nowhere/resume')).status, 404);
  for (const reason of ['x'.repeat(501), '\0']) {
    const { status, text } = await operator.act('/pause', { reason });
    assert.equal(status, 400);
    assert.match(text, /reason must have at most 500 characters/);
  }
  const url = `${stack.operationsUrl}/ops/pause`;
  assert.equal((await ask(url, { method: 'POST' })).status, 401);
  assert.deepEqual(await readPauses(stack.database.pool('operations')), []);
});
