import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { waitFor } from '@kasabi/test/support/wait-for';
import { type ClaimOutcome, claim } from './claim.ts';
import { complete } from './complete.ts';
import { nextDue } from './next-due.ts';
import { retry } from './retry.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

const ask = (jobId: string, holder = 'worker-1', leaseMs = 60_000): Promise<ClaimOutcome> =>
  claim(fixture.worker, { jobId, holder, leaseMs });

const outcome = async (jobId: string): Promise<string> => (await ask(jobId)).outcome;

test('a claim starts the job, with an attempt and a lease by the clock of Postgres', async () => {
  const dataset = await fixture.addDataset();
  const jobId = await fixture.accept(dataset);
  const claimed = await ask(jobId, 'me', 7_000);
  assert.ok(claimed.outcome === 'claimed');
  const { driftMs, ...held } = claimed.claim;
  assert.deepEqual(held, {
    ...{ jobId, type: 'reset', datasetId: dataset.id, datasetCode: dataset.code },
    ...{ holder: 'me', attempt: 1, triedMs: 0, parameters: {} },
  });
  assert.ok(driftMs >= 0 && driftMs < 10_000, `${driftMs}`);
  const { rows } = await fixture.admin.query(
    `SELECT status, attempt, lease_holder, started >= start_time AS in_time,
            lease_expires = started + interval '7 s' AS leased
     FROM kasabi.job WHERE id = $1`,
    [jobId],
  );
  assert.deepEqual(rows, [
    { status: 'running', attempt: 1, lease_holder: 'me', in_time: true, leased: true },
  ]);
});

test('an early claim is told how long to wait, to the millisecond, and changes nothing', async () => {
  const jobId = await fixture.accept(await fixture.addDataset(), 5_000);
  const asItWas = await fixture.record(jobId);
  const early = await ask(jobId);
  assert.ok(early.outcome === 'early');
  const due = ((await fixture.read(jobId))['due'] as Date).getTime();
  // Rounded up: whoever waits that long is never early again.
  assert.ok(early.now + early.waitMs >= due && early.now + early.waitMs < due + 1.001);
  assert.equal(await fixture.record(jobId), asItWas);
});

test('a job is early until it is due and claimed at once when it is', async () => {
  const jobId = await fixture.accept(await fixture.addDataset(), 300);
  const claimed = await waitFor(
    async () => {
      const answer = await ask(jobId);
      return answer.outcome === 'early' ? undefined : answer;
    },
    { what: 'the job to be due', everyMs: 1 },
  );
  assert.ok(claimed.outcome === 'claimed', claimed.outcome);
  assert.ok(claimed.claim.driftMs >= 0 && claimed.claim.driftMs < 250, `${claimed.claim.driftMs}`);
});

test('gone: an unknown id, a running job, a cancelled one and one that has ended', async () => {
  assert.equal(await outcome(randomUUID()), 'gone');
  const jobId = await fixture.accept(await fixture.addDataset());
  const held = await fixture.take(jobId);
  assert.equal(await outcome(jobId), 'gone');
  await complete(fixture.worker, held);
  assert.equal(await outcome(jobId), 'gone');
  const cancelled = await fixture.accept(await fixture.addDataset(), 60_000);
  assert.ok(await fixture.cancel(cancelled));
  assert.equal(await outcome(cancelled), 'gone');
});

test('busy while another job of the dataset runs; other datasets are not held up', async () => {
  const dataset = await fixture.addDataset();
  const [first, second] = [await fixture.accept(dataset), await fixture.accept(dataset)];
  const elsewhere = await fixture.accept(await fixture.addDataset());
  const held = await fixture.take(first);
  const asItWas = await fixture.record(second);
  assert.equal(await outcome(second), 'busy');
  assert.equal(await fixture.record(second), asItWas);
  assert.equal(await outcome(elsewhere), 'claimed');
  await complete(fixture.worker, held);
  assert.equal(await outcome(second), 'claimed');
});

test('jobs of a dataset run in the order of their start times, then as asked for', async () => {
  const dataset = await fixture.addDataset();
  const later = await fixture.accept(dataset, 400);
  const soon = await fixture.accept(dataset, 200);
  const now = [await fixture.accept(dataset), await fixture.accept(dataset)];
  await waitFor(async () => (await outcome(later)) !== 'early', { what: 'all to be due' });
  const order: string[] = [];
  for (const expected of [...now, soon, later]) {
    // Whoever comes too soon is told to come again, in whatever order they come.
    for (const jobId of [later, soon, ...now.reverse()]) {
      if (order.includes(jobId) || jobId === expected) continue;
      assert.equal(await outcome(jobId), 'busy');
    }
    await complete(fixture.worker, await fixture.take(expected));
    order.push(expected);
  }
});

test('a job that waits for its next attempt keeps its place; called off, it holds nothing up', async () => {
  const dataset = await fixture.addDataset();
  const [first, second, third] = [
    await fixture.accept(dataset),
    await fixture.accept(dataset),
    await fixture.accept(dataset),
  ];
  const held = await fixture.take(first);
  await retry(fixture.worker, held, { delayMs: 60_000, message: 'again' });
  assert.equal(await outcome(first), 'early');
  for (const [jobId, ahead] of [
    [second, 1],
    [third, 2],
  ] as const) {
    const answer = await ask(jobId);
    assert.ok(answer.outcome === 'busy' && answer.ahead === ahead, answer.outcome);
    assert.ok(answer.waitMs > 50_000 && answer.waitMs <= 60_000, `${answer.waitMs} ms`);
  }
  assert.equal(await nextDue(fixture.worker, dataset.id), undefined, 'none is to be promoted');
  assert.ok(await fixture.cancel(second));
  assert.equal(await outcome(third), 'busy');
  assert.ok(await fixture.cancel(first));
  assert.equal((await nextDue(fixture.worker, dataset.id))?.jobId, third);
  assert.equal(await outcome(third), 'claimed');
});

test('a job set for later holds nothing up', async () => {
  const dataset = await fixture.addDataset();
  await fixture.accept(dataset, 60_000);
  assert.equal(await outcome(await fixture.accept(dataset)), 'claimed');
});

test('the claim tells for how long the job has been tried', async () => {
  const jobId = await fixture.accept(await fixture.addDataset());
  const first = await fixture.take(jobId);
  assert.equal(first.triedMs, 0);
  await fixture.admin.query('SELECT pg_sleep(0.05)');
  await retry(fixture.worker, first, { delayMs: 0, message: 'again' });
  const { triedMs } = await fixture.take(jobId);
  assert.ok(triedMs >= 50 && triedMs < 5_000, `${triedMs} ms`);
});

test('the first start is what is remembered, whatever follows', async () => {
  const jobId = await fixture.accept(await fixture.addDataset());
  const first = await fixture.take(jobId);
  const { started } = await fixture.read(jobId);
  await retry(fixture.worker, first, { delayMs: 0, message: 'again' });
  const second = await fixture.take(jobId, { holder: 'worker-2' });
  assert.equal(second.attempt, 2);
  assert.deepEqual((await fixture.read(jobId))['started'], started);
});
