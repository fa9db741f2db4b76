import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import { claim } from '@kasabi/jobs';
import { readOperatorActions, readPauses } from '@kasabi/operations';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { type InProcessRun, runInProcess } from '@kasabi/test/support/in-process';
import { runAdmin } from '../program.ts';

let fixture: Fixture;
let dataset: Dataset;

before(async () => {
  fixture = await createFixture();
  dataset = await fixture.addDataset('mars');
});

beforeEach(async () => {
  await fixture.admin.query('TRUNCATE kasabi.job, kasabi.pause, kasabi.operator_action');
});

after(async () => {
  await fixture.close();
});

const admin = (...args: string[]): Promise<InProcessRun> =>
  runInProcess(runAdmin, args, { DATABASE_URL: fixture.database.url });

const outcome = async (jobId: string): Promise<string> =>
  (await claim(fixture.worker, { jobId, holder: 'w', leaseMs: 60_000 })).outcome;

test('pause and resume work without a service, say what they do, and are audited', async () => {
  const jobId = await fixture.accept(dataset);
  const paused = await admin('pause', '--reason', 'a restore');
  assert.deepEqual(
    [paused.code, paused.out],
    [0, 'All jobs are paused. No job starts any more.\n'],
  );
  assert.equal(await outcome(jobId), 'paused');
  const again = await admin('pause');
  assert.match(again.out, /^All jobs have been paused since \S+Z\. No job starts any more\.\n$/);

  const unsure = await admin('resume');
  assert.equal(unsure.code, 4);
  assert.match(
    unsure.err,
    /^All jobs are resumed: 1 job is due, the oldest since \S+Z \(.*\), and starts at once\./,
  );
  assert.equal((await readPauses(fixture.admin)).length, 1, 'nobody answered');
  const resumed = await admin('resume', '--yes');
  assert.deepEqual(
    [resumed.code, resumed.out],
    [0, 'All jobs are resumed; 1 is due and may start.\n'],
  );
  assert.equal(await outcome(jobId), 'claimed');
  const actions = await readOperatorActions(fixture.admin, { limit: 10 });
  assert.deepEqual(
    actions.map((it) => [it.action, it.outcome, it.detail, it.operatorAddress]),
    [
      ['resume', 'done', null, 'command line'],
      ['pause', 'already-paused', null, 'command line'],
      ['pause', 'done', 'a restore', 'command line'],
    ],
  );
});

test('one dataset is paused by its short code; nothing is asked where nothing starts', async () => {
  await fixture.take(await fixture.accept(dataset));
  const paused = await admin('pause', 'mars');
  assert.match(
    paused.out,
    /^The jobs of mars are paused\. No job starts any more\. 1 is running and will finish/,
  );
  await admin('pause');
  const resumed = await admin('resume', 'mars');
  assert.match(resumed.out, /are resumed but still wait, because all jobs are paused\.\n$/);
  assert.match((await admin('resume')).out, /^All jobs are resumed; none is due\.\n$/);
});

test('what cannot be paused or resumed is refused, and nothing is asked first', async () => {
  await fixture.accept(dataset);
  for (const args of [
    ['pause', 'nowhere'],
    ['resume', 'nowhere'],
    ['resume', 'mars'],
    ['resume'],
  ]) {
    const refused = await admin(...args);
    assert.equal(refused.code, 1, args.join(' '));
    assert.match(refused.err, /There is no dataset|are not paused; nothing was changed/);
  }
});

test('as JSON', async () => {
  const paused = JSON.parse((await admin('pause', 'mars', '--json')).out);
  assert.deepEqual([paused.dataset, paused.running, paused.unsettled], ['mars', 0, 0]);
  assert.deepEqual(JSON.parse((await admin('resume', 'mars', '--json')).out), {
    dataset: 'mars',
    due: 0,
  });
});
