import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dataset, getDataset, lockDataset } from '@kasabi/datasets';
import { complete, fail, retry as retryAttempt } from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { cancelAsOperator } from './cancel-as-operator.ts';
import { readJob } from './job.ts';
import { type OperatorAction, readOperatorActions } from './operator-actions.ts';
import { repeatAsOperator } from './repeat-as-operator.ts';
import { readTransitions } from './transitions.ts';
import { unlockAsOperator } from './unlock-as-operator.ts';

let fixture: Fixture;
let dataset: Dataset;
const operatorAddress = '10.0.0.7';

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

async function accept(): Promise<string> {
  dataset = await fixture.addDataset();
  return await fixture.accept(dataset);
}

async function failedJob(): Promise<string> {
  const jobId = await accept();
  await fail(fixture.worker, await fixture.take(jobId), { reason: 'error', message: 'no' });
  return jobId;
}

const cancel = (jobId: string) => cancelAsOperator(fixture.api, { jobId, operatorAddress });
const retry = (jobId: string) => repeatAsOperator(fixture.api, { jobId, operatorAddress });
const unlock = (code = dataset.code) =>
  unlockAsOperator(fixture.api, { dataset: code, operatorAddress });

/** The newest audit record, without what differs from run to run. */
async function audited(): Promise<
  Omit<OperatorAction, 'id' | 'at' | 'subject' | 'detail' | 'partOf'>
> {
  const [newest] = await readOperatorActions(fixture.database.pool('status'), { limit: 1 });
  assert.ok(newest !== undefined);
  const { id: _, at, subject, detail, partOf, ...rest } = newest;
  assert.ok(at instanceof Date);
  assert.deepEqual([subject, detail, partOf], [null, null, null]);
  return rest;
}

test('cancel: a scheduled job ends, its transition and the audit say by whom', async () => {
  const jobId = await accept();
  assert.deepEqual(await cancel(jobId), { outcome: 'done' });
  const record = await fixture.read(jobId);
  assert.equal(record['status'], 'cancelled');
  const message = 'Cancelled by an operator before it started.';
  assert.equal(record['message'], message);
  const [transition] = await readTransitions(fixture.database.pool('status'), jobId);
  assert.deepEqual(
    [transition?.event, transition?.actor, transition?.attempt, transition?.message],
    ['cancel', 'operator', 0, message],
  );
  const about = { action: 'cancel', jobId, dataset: dataset.code, operatorAddress } as const;
  assert.deepEqual(await audited(), { ...about, outcome: 'done', madeJobId: null });
});

test('cancel: a job that runs or has ended is left alone, and that is audited', async () => {
  const jobId = await accept();
  const held = await fixture.take(jobId);
  const asItWas = await fixture.record(jobId);
  assert.deepEqual(await cancel(jobId), {
    outcome: 'not-scheduled',
    status: 'running',
    type: 'reset',
  });
  assert.equal(await fixture.record(jobId), asItWas);
  assert.equal((await audited()).outcome, 'not-scheduled');
  await complete(fixture.worker, held);
  assert.deepEqual(await cancel(jobId), {
    outcome: 'not-scheduled',
    status: 'completed',
    type: 'reset',
  });
  const unknown = crypto.randomUUID();
  assert.deepEqual(await cancel(unknown), { outcome: 'job-unknown' });
  assert.deepEqual([(await audited()).jobId, (await audited()).outcome], [unknown, 'job-unknown']);
});

test('retry: a failed job is repeated by a new one, and itself left as it is', async () => {
  const jobId = await failedJob();
  const asItWas = await fixture.record(jobId);
  const made = await retry(jobId);
  assert.ok(made.outcome === 'done' && made.dataset === dataset.code);
  assert.equal(await fixture.record(jobId), asItWas);
  const [old, fresh] = [await fixture.read(jobId), await fixture.read(made.jobId)];
  assert.deepEqual(
    ['dataset_id', 'type', 'requested_by'].map((column) => fresh[column]),
    ['dataset_id', 'type', 'requested_by'].map((column) => old[column]),
  );
  assert.deepEqual([fresh['status'], fresh['enqueued_at']], ['scheduled', null]);
  assert.match(String(fresh['message']), new RegExp(`Repeats job ${jobId}`));
  const held = await fixture.take(made.jobId);
  assert.ok(held.attempt === 1, 'it is due at once');
  await complete(fixture.worker, held);
  const reader = fixture.database.pool('status');
  assert.equal((await readJob(reader, made.jobId))?.repeats, jobId, 'which it keeps for good');
  assert.equal((await readJob(reader, jobId))?.repeatedBy, made.jobId);
  const { outcome, madeJobId } = await audited();
  assert.deepEqual([outcome, madeJobId], ['done', made.jobId]);
});

test('retry: asked for often, also at once, it makes one job', async () => {
  const jobId = await failedJob();
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => retry(jobId)));
  assert.equal(outcomes.filter(({ outcome }) => outcome === 'done').length, 1);
  assert.equal(outcomes.filter(({ outcome }) => outcome === 'repeated').length, 7);
  const made = new Set(outcomes.map((it) => ('jobId' in it ? it.jobId : '')));
  assert.equal(made.size, 1);
  assert.equal((await audited()).outcome, 'repeated');
});

test('retry: only a failed job', async () => {
  const jobId = await accept();
  assert.deepEqual(await retry(jobId), { outcome: 'not-failed', status: 'scheduled' });
  const held = await fixture.take(jobId);
  assert.deepEqual(await retry(jobId), { outcome: 'not-failed', status: 'running' });
  await complete(fixture.worker, held);
  assert.deepEqual(await retry(jobId), { outcome: 'not-failed', status: 'completed' });
  assert.deepEqual(await retry(crypto.randomUUID()), { outcome: 'job-unknown' });
});

test('retry: a cancelled job is not repeated, whoever cancelled it and whatever it had tried', async () => {
  const tried = await accept();
  const again = { delayMs: 0, message: 'again' };
  await retryAttempt(fixture.worker, await fixture.take(tried), again);
  assert.ok(await fixture.cancel(tried));
  const byOperator = await accept();
  assert.deepEqual(await cancel(byOperator), { outcome: 'done' });
  // As an api of the version before leaves it.
  const asOfBefore = await accept();
  assert.ok(await fixture.cancel(asOfBefore));
  await fixture.admin.query(`UPDATE kasabi.job SET status = 'failed' WHERE id = $1`, [asOfBefore]);
  const { rows: before } = await fixture.admin.query('SELECT count(*) FROM kasabi.job');
  for (const jobId of [tried, byOperator, asOfBefore]) {
    const asItWas = await fixture.record(jobId);
    assert.deepEqual(await retry(jobId), { outcome: 'cancelled' });
    assert.equal((await audited()).outcome, 'cancelled');
    assert.equal(await fixture.record(jobId), asItWas);
  }
  assert.deepEqual((await fixture.admin.query('SELECT count(*) FROM kasabi.job')).rows, before);
});

/** Locks the dataset for a job and returns the fence. */
async function lockFor(jobId: string): Promise<number> {
  const request = { datasetId: dataset.id, jobId, timeoutMs: 1_000 };
  const { fence } = await withTransaction(fixture.worker, (client) => lockDataset(client, request));
  return fence;
}

test('unlock: the lock of a job that has ended or is not there is released, with a new fence', async () => {
  for (const jobId of [await failedJob(), crypto.randomUUID()]) {
    const fence = await lockFor(jobId);
    assert.deepEqual(await unlock(), { outcome: 'done' });
    const now = await getDataset(fixture.admin, dataset.code);
    assert.deepEqual([now.storageMode, now.lockedBy, now.fence], ['read-write', null, fence + 1]);
    const about = { action: 'unlock', jobId, dataset: dataset.code, operatorAddress } as const;
    assert.deepEqual(await audited(), { ...about, outcome: 'done', madeJobId: null });
  }
});

test('unlock: the lock of a job at work, or of one that waits, is not released', async () => {
  const jobId = await accept();
  await lockFor(jobId);
  assert.deepEqual(await unlock(), { outcome: 'job-not-ended', jobId, status: 'scheduled' });
  const held = await fixture.take(jobId);
  assert.deepEqual(await unlock(), { outcome: 'job-not-ended', jobId, status: 'running' });
  assert.equal((await getDataset(fixture.admin, dataset.code)).lockedBy, jobId);
  assert.equal((await audited()).outcome, 'job-not-ended');
  await complete(fixture.worker, held);
  assert.deepEqual(await unlock(), { outcome: 'done' });
  assert.deepEqual(await unlock(), { outcome: 'not-locked' });
  assert.deepEqual(await unlock('nowhere'), { outcome: 'dataset-unknown' });
});

test('unlock: the roles can release no lock but by that function', async () => {
  const jobId = await accept();
  const fence = await lockFor(jobId);
  const { rows } = await fixture.api.query('SELECT kasabi.release_abandoned_lock($1, $2) AS done', [
    dataset.id,
    jobId,
  ]);
  assert.deepEqual(rows, [{ done: false }]);
  assert.equal((await getDataset(fixture.admin, dataset.code)).fence, fence);
  for (const role of ['status', 'worker'] as const) {
    await assert.rejects(
      fixture.database.pool(role).query('SELECT kasabi.release_abandoned_lock(1, $1)', [jobId]),
      { code: '42501' },
    );
  }
});
