// What ends a finding, and what keeps one quiet.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import { complete, fail } from '@kasabi/jobs';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { report } from '../test/worker-report.ts';
import { acknowledgeFinding, unacknowledgeFinding } from './acknowledgements.ts';
import { readOperatorActions } from './operator-actions.ts';
import type { Overview } from './overview.ts';
import { readOverview } from './read-overview.ts';
import { removeWorker, reportWorker } from './report-worker.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

const look = (): Promise<Overview> => readOverview(fixture.database.pool('operations'));

test('a failed job is troubled no more when a later job of its dataset has completed', async () => {
  const failJob = async (dataset: Dataset): Promise<string> => {
    const jobId = await fixture.accept(dataset);
    await fail(fixture.worker, await fixture.take(jobId), {
      reason: 'error',
      message: 'It cannot be done.',
    });
    return jobId;
  };
  const [one, other] = [await fixture.addDataset('repaired'), await fixture.addDataset('not')];
  await complete(fixture.worker, await fixture.take(await fixture.accept(one)));
  const scheduledBefore = await fixture.accept(one);
  const [first, second] = [await failJob(other), await failJob(other)];
  const failed = await failAfter(scheduledBefore);
  const troubled = async () => (await look()).troubledJobs.map(({ id }) => id);
  for (const id of [first, second, failed]) assert.ok((await troubled()).includes(id));
  await complete(fixture.worker, await fixture.take(await fixture.accept(one)));
  const after = await troubled();
  assert.ok(!after.includes(failed) && after.includes(first) && after.includes(second));
  await fixture.admin.query(
    `UPDATE kasabi.job SET created = created - interval '25 hours',
       start_time = start_time - interval '25 hours', due = due - interval '25 hours',
       started = started - interval '25 hours', end_time = end_time - interval '25 hours'
     WHERE id = $1`,
    [first],
  );
  assert.ok(!(await troubled()).includes(first), 'after a day it is history');
});

/** Fails a job that was accepted before. */
async function failAfter(jobId: string): Promise<string> {
  await fail(fixture.worker, await fixture.take(jobId), {
    reason: 'error',
    message: 'It cannot be done.',
  });
  return jobId;
}

test('a lost worker has the jobs that are not rescued yet', async () => {
  await reportWorker(fixture.worker, { ...report, holder: 'lost' });
  const dataset = await fixture.addDataset('of-a-lost-worker');
  const held = await fixture.take(await fixture.accept(dataset), { holder: 'lost' });
  const lost = async () => (await look()).workers.find(({ holder }) => holder === 'lost');
  assert.equal((await lost())?.heldJobs, 1);
  await complete(fixture.worker, held);
  assert.equal((await lost())?.heldJobs, 0);
  await removeWorker(fixture.worker, 'lost');
});

test('a finding is acknowledged as it was seen, for a time, and audited', async () => {
  const request = {
    code: 'job-fails',
    subject: 'a job',
    mark: 'warning once',
    operatorAddress: '10.0.0.7',
  } as const;
  await acknowledgeFinding(fixture.api, { ...request, hours: 2, note: 'known' });
  const [seen] = (await look()).acknowledgements;
  assert.ok(seen !== undefined);
  assert.equal(Math.round((Number(seen.until) - Number(seen.at)) / 3_600_000), 2);
  assert.deepEqual(
    [seen.code, seen.subject, seen.mark, seen.note],
    ['job-fails', 'a job', 'warning once', 'known'],
  );
  await acknowledgeFinding(fixture.api, { ...request, mark: 'warning twice', hours: 1 });
  assert.deepEqual(
    (await look()).acknowledgements.map(({ mark, note }) => [mark, note]),
    [['warning twice', null]],
  );
  assert.deepEqual(await unacknowledgeFinding(fixture.api, request), { outcome: 'done' });
  assert.deepEqual(await unacknowledgeFinding(fixture.api, request), {
    outcome: 'not-acknowledged',
  });
  assert.deepEqual((await look()).acknowledgements, []);
  const actions = await readOperatorActions(fixture.database.pool('status'), { limit: 4 });
  assert.deepEqual(
    actions.map(({ action, outcome, subject, detail }) => [action, outcome, subject, detail]),
    [
      ['unacknowledge', 'not-acknowledged', 'job-fails a job', null],
      ['unacknowledge', 'done', 'job-fails a job', null],
      ['acknowledge', 'done', 'job-fails a job', 'for 1 h'],
      ['acknowledge', 'done', 'job-fails a job', 'for 2 h: known'],
    ],
  );
  await acknowledgeFinding(fixture.api, { ...request, subject: 'over', hours: 1 });
  const past = "UPDATE kasabi.finding_acknowledgement SET at = at - interval '2 h', until = now()";
  await fixture.admin.query(past);
  assert.deepEqual((await look()).acknowledgements, []);
  await acknowledgeFinding(fixture.api, { ...request, hours: 1 });
  const { rows } = await fixture.admin.query('SELECT FROM kasabi.finding_acknowledgement');
  assert.equal(rows.length, 1, 'what is over is deleted');
});
