// What operators pause and resume over HTTP, and where that is seen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readPauses } from '@kasabi/operations';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { type Answer, ask, jobAt, submitForm, untilEnded } from '@kasabi/test/support/client';

const password = 'correct:horse-battery';
let stack: TestStack;

before(async () => {
  const status = { SAMPLE_INTERVAL_MS: '1000' };
  stack = await startStack({ operatorPassword: password, serviceEnv: { status } });
});
after(() => stack?.stop());

const act = (path: string, secret = password): Promise<Answer> =>
  ask(`${stack.apiUrl}/ops/${path}`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`op:${secret}`).toString('base64')}` },
  });

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

for (const place of ['', 'datasets/nasa/']) {
  test(`${place || 'all jobs'}: jobs are accepted and wait, their owner is told, and they run after the resume`, async () => {
    const paused = await act(`${place}pause?${new URLSearchParams({ reason: 'a restore' })}`);
    assert.equal(paused.status, 200, paused.text);
    assert.equal(JSON.parse(paused.text).outcome, 'done');
    const [pause] = await readPauses(stack.database.pool('status'));
    assert.deepEqual(
      [pause?.dataset, pause?.reason, pause?.by],
      [place === '' ? null : 'nasa', 'a restore', '127.0.0.1'],
    );
    assert.equal((await act(`${place}pause`)).status, 409);
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
      async () => (await metric(stack.statusUrl, `kasabi_paused{scope="${scope}"}`)) === 1,
      { what: 'the metric' },
    );
    assert.equal(await metric(stack.statusUrl, 'kasabi_findings{code="paused"}'), 1);
    assert.equal(await metric(stack.statusUrl, 'kasabi_oldest_due_job_age_seconds'), 0);

    const resumed = await act(`${place}resume`);
    assert.deepEqual(
      [resumed.status, JSON.parse(resumed.text)],
      [200, { outcome: 'done', due: 1 }],
    );
    assert.equal((await untilEnded(job, stack.key)).status, 'completed');
    assert.equal((await act(`${place}resume`)).status, 409);
    assert.match(await statusOf(), /"jobs":"running"/);
  });
}

test('it is for operators alone, and bad requests change nothing', async () => {
  assert.equal((await act('pause', 'wrong')).status, 401);
  assert.equal((await act('datasets/nowhere/pause')).status, 404);
  assert.equal((await act('datasets/nowhere/resume')).status, 404);
  assert.equal((await act(`pause?reason=${'x'.repeat(501)}`)).status, 400);
  assert.equal((await act('pause?reason=%00')).status, 400);
  assert.equal((await ask(`${stack.apiUrl}/ops/pause`)).status, 401);
  assert.deepEqual(await readPauses(stack.database.pool('status')), []);
});
