import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import type { Delivery } from '@kasabi/domain';
import { complete, createRelay, oldestDueMs } from '@kasabi/jobs';
import { openPausing, operatorAddress } from '../test/pausing.ts';
import { readOperatorActions } from './operator-actions.ts';
import { readPauses } from './pauses.ts';
import { readResumable, resumeAsOperator } from './resume-as-operator.ts';

const { fixture, pause, resume, outcome, begin } = await openPausing();
after(() => fixture.close());

let one: Dataset;
let other: Dataset;
beforeEach(async () => {
  [one, other] = await begin();
});

test('while all is paused no job is taken up, and its record stays as it was', async () => {
  const jobId = await fixture.accept(one);
  const asItWas = await fixture.record(jobId);
  const paused = await pause(undefined, 'a restore');
  assert.ok(paused.outcome === 'done');
  assert.deepEqual([paused.running, paused.unsettled], [0, 0]);
  assert.equal(await outcome(jobId), 'paused');
  assert.equal(await fixture.record(jobId), asItWas);
  assert.deepEqual(await readPauses(fixture.admin), [
    { dataset: null, since: paused.since, reason: 'a restore', by: operatorAddress },
  ]);
  assert.equal((await resume()).outcome, 'done');
  assert.equal(await outcome(jobId), 'claimed');
});

test('a paused dataset keeps its own jobs and no others; what is not due is early as ever', async () => {
  const [stopped, free] = [await fixture.accept(one), await fixture.accept(other)];
  const later = await fixture.accept(one, 60_000);
  await pause(one.code);
  assert.deepEqual(await Promise.all([stopped, free, later].map(outcome)), [
    'paused',
    'claimed',
    'early',
  ]);
});

test('a job that runs goes on to its end, and the pause says that it does', async () => {
  const held = await fixture.take(await fixture.accept(one));
  await fixture.take(await fixture.accept(other));
  const [all, own] = [await pause(), await pause(one.code)];
  assert.ok(all.outcome === 'done' && own.outcome === 'done');
  assert.deepEqual([all.running, own.running], [2, 1]);
  await complete(fixture.worker, held);
  assert.equal((await fixture.read(held.jobId))['status'], 'completed');
});

test('a dataset that is paused by itself stays so when all are resumed, and the other way round', async () => {
  const jobId = await fixture.accept(one);
  await pause();
  await pause(one.code);
  await resume();
  assert.equal(await outcome(jobId), 'paused');
  await pause();
  assert.deepEqual(await resume(one.code), { outcome: 'done', due: 0 });
  assert.equal(await outcome(jobId), 'paused');
  await resume();
  assert.equal(await outcome(jobId), 'claimed');
});

test('what is paused stays as it was when it is paused again', async () => {
  const first = await pause(one.code, 'first');
  const again = await pause(one.code, 'second');
  assert.ok(first.outcome === 'done' && again.outcome === 'already-paused');
  assert.deepEqual(again.since, first.since);
  assert.deepEqual(
    (await readPauses(fixture.admin)).map(({ reason }) => reason),
    ['first'],
  );
  assert.deepEqual(await pause('nowhere'), { outcome: 'dataset-unknown' });
  assert.deepEqual(await resume('nowhere'), { outcome: 'dataset-unknown' });
  assert.deepEqual(await resume(), { outcome: 'not-paused' });
  assert.deepEqual(await resume(other.code), { outcome: 'not-paused' });
});

test('every pause and resume is audited, those refused too', async () => {
  await pause(undefined, 'a restore');
  await pause(one.code);
  await pause(one.code);
  await resume(other.code);
  await resume();
  const actions = await readOperatorActions(fixture.admin, { limit: 10 });
  assert.deepEqual(
    actions.map((it) => [it.action, it.dataset, it.outcome, it.detail]),
    [
      ['resume', null, 'done', null],
      ['resume', other.code, 'not-paused', null],
      ['pause', one.code, 'already-paused', null],
      ['pause', one.code, 'done', null],
      ['pause', null, 'done', 'a restore'],
    ],
  );
  assert.ok(actions.every((it) => it.operatorAddress === operatorAddress));
});

test('a resume is told what it starts: what is due and not paused by another', async () => {
  const [first] = [
    await fixture.accept(one),
    await fixture.accept(one),
    await fixture.accept(other),
  ];
  await fixture.accept(one, 60_000);
  await pause();
  await pause(other.code);
  const oldestDue = (await fixture.read(first))['due'];
  assert.deepEqual(await readResumable(fixture.admin), {
    due: 2,
    oldestDue,
    isPaused: true,
    allStayPaused: false,
  });
  const { due, allStayPaused } = await readResumable(fixture.admin, other.code);
  assert.deepEqual([due, allStayPaused], [0, true]);
  assert.deepEqual(await resume(), { outcome: 'done', due: 2 });
});

test('the relay leaves paused jobs alone, and promotes all of them in the round after the resume', async () => {
  const asserted: Delivery[] = [];
  const relay = createRelay({
    db: fixture.worker,
    enqueue: async () => undefined,
    ensureDue: async (deliveries) => void asserted.push(...deliveries),
    lostData: async () => false,
    acknowledgeData: async () => undefined,
    ...{
      intervalMs: 1_000,
      horizonMs: 3_600_000,
      overdueMs: 0,
      reassertMs: 600_000,
      batchSize: 10,
    },
    onError: (error) => assert.fail(String(error)),
  });
  const jobs = [await fixture.accept(one), await fixture.accept(one), await fixture.accept(other)];
  // Two of them were handed over before they were due, one was refused just now.
  await fixture.admin.query(
    `UPDATE kasabi.job SET created = created - interval '1 min', due = due - interval '10 s',
       start_time = start_time - interval '10 s', enqueued_at = now() - CASE WHEN id = $1 THEN interval '0' ELSE interval '1 h' END`,
    [jobs[0]],
  );
  await pause(one.code);
  await relay.runOnce();
  assert.deepEqual(
    asserted.map(({ jobId }) => jobId),
    [jobs[2]],
  );
  assert.ok((await oldestDueMs(fixture.worker)) > 5_000, 'the one that is not paused counts');
  await pause();
  assert.equal(await oldestDueMs(fixture.worker), 0, 'nobody waits for those that are');
  await relay.runOnce();
  assert.equal(asserted.length, 1);
  await resume();
  await resume(one.code);
  await relay.runOnce();
  assert.deepEqual([...new Set(asserted.map(({ jobId }) => jobId))].sort(), jobs.toSorted());
});

test('the roles of the services can do their part of it, and no more', async () => {
  await assert.rejects(
    resumeAsOperator(fixture.worker, { operatorAddress }),
    { code: '42501' },
    'no worker resumes',
  );
  await assert.rejects(fixture.database.pool('status').query('DELETE FROM kasabi.pause'), {
    code: '42501',
  });
  assert.deepEqual(await readPauses(fixture.database.pool('status')), []);
});
