import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import type { Delivery } from '@kasabi/domain';
import { type ClaimOutcome, claim, complete, createRelay, oldestDueMs } from '@kasabi/jobs';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { waitFor } from '@kasabi/test/support/wait-for';
import { readOperatorActions } from './operator-actions.ts';
import { pauseAsOperator } from './pause-as-operator.ts';
import { readPauses } from './pauses.ts';
import { readResumable, resumeAsOperator } from './resume-as-operator.ts';

let fixture: Fixture;
let one: Dataset;
let other: Dataset;

before(async () => {
  fixture = await createFixture();
});

beforeEach(async () => {
  await fixture.admin.query('TRUNCATE kasabi.job, kasabi.pause, kasabi.operator_action');
  [one, other] = [await fixture.addDataset(), await fixture.addDataset()];
});

after(async () => {
  await fixture.close();
});

const rounds = 25;
const operatorAddress = '203.0.113.9';
const pause = (dataset?: string, reason?: string) =>
  pauseAsOperator(fixture.api, { dataset, reason, operatorAddress });
const resume = (dataset?: string) => resumeAsOperator(fixture.api, { dataset, operatorAddress });

const ask = (jobId: string): Promise<ClaimOutcome> =>
  claim(fixture.worker, { jobId, holder: 'worker-1', leaseMs: 60_000 });
const outcome = async (jobId: string): Promise<string> => (await ask(jobId)).outcome;

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

test('a pause that has returned is honoured by every claim, also by those that began before it', async () => {
  const jobId = await fixture.accept(one);
  const keeper = await fixture.admin.connect();
  try {
    // The claim has taken its snapshot, and waits for the record.
    await keeper.query('BEGIN');
    await keeper.query('SELECT FROM kasabi.job WHERE id = $1 FOR UPDATE', [jobId]);
    const early = outcome(jobId);
    await waitFor(async () => (await waiting()) === 1, { what: 'the claim to wait' });
    let returned = false;
    const pausing = pause().finally(() => {
      returned = true;
    });
    await waitFor(async () => (await readPauses(fixture.admin)).length === 1, {
      what: 'the pause',
    });
    assert.equal(
      await outcome(await fixture.accept(other)),
      'paused',
      'those that begin now see it',
    );
    assert.equal(returned, false, 'the pause waits for the one that does not');
    await keeper.query('COMMIT');
    assert.equal(await early, 'claimed');
    const paused = await pausing;
    assert.ok(paused.outcome === 'done');
    assert.deepEqual([paused.running, paused.unsettled], [1, 0]);
  } finally {
    keeper.release();
  }
});

test('a claim that does not end is not waited for for ever, and said', async () => {
  const jobId = await fixture.accept(one);
  const keeper = await fixture.admin.connect();
  try {
    await keeper.query('BEGIN');
    await keeper.query('SELECT FROM kasabi.job WHERE id = $1 FOR UPDATE', [jobId]);
    const early = outcome(jobId);
    await waitFor(async () => (await waiting()) === 1, { what: 'the claim to wait' });
    const paused = await pause();
    assert.ok(paused.outcome === 'done');
    assert.equal(paused.unsettled, 1);
    await keeper.query('COMMIT');
    assert.equal(await early, 'claimed');
  } finally {
    keeper.release();
  }
});

const waiting = async (): Promise<number> => {
  const { rows } = await fixture.admin.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.length;
};

test('neither a dump that reads every table nor a writer of pauses keeps a pause waiting', async () => {
  const dump = await fixture.admin.connect();
  try {
    await dump.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await dump.query('LOCK TABLE kasabi.pause, kasabi.job IN ACCESS SHARE MODE');
    await dump.query('SELECT FROM kasabi.pause');
    const began = performance.now();
    await pause();
    assert.ok(performance.now() - began < 1_000);
  } finally {
    await dump.query('ROLLBACK');
    dump.release();
  }
});

test(`no claim succeeds after a pause has returned, ${rounds} times under load`, async () => {
  let done = false;
  let [claimed, refused] = [0, 0];
  const work = async (): Promise<void> => {
    const dataset = await fixture.addDataset();
    while (!done) {
      const jobId = await fixture.accept(dataset);
      for (;;) {
        const answer = await ask(jobId);
        if (answer.outcome === 'claimed') {
          claimed += 1;
          await complete(fixture.worker, answer.claim);
          break;
        }
        assert.equal(answer.outcome, 'paused');
        refused += 1;
        if (done) return;
      }
    }
  };
  const workers = Promise.all(Array.from({ length: 8 }, work));
  try {
    for (let round = 0; round < rounds; round += 1) {
      const begun = claimed;
      await waitFor(() => claimed > begun + 3, { what: 'jobs to be taken up', everyMs: 1 });
      await pause();
      const atReturn = await countClaims();
      const since = refused;
      await waitFor(() => refused > since + 20, { what: 'claims to be refused', everyMs: 1 });
      assert.equal(await countClaims(), atReturn, `round ${round}`);
      await resume();
    }
  } finally {
    done = true;
    await workers;
  }
});

/** By what the claims themselves noted. */
const countClaims = async (): Promise<number> => {
  const { rows } = await fixture.admin.query<{ claims: number }>(
    "SELECT count(*)::int AS claims FROM kasabi.job_transition WHERE event = 'claim'",
  );
  return (rows[0] as { claims: number }).claims;
};

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
