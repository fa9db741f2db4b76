import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, type Fixture } from '../../../test/integration/support/fixture.ts';
import { readDatasetPage } from './dataset-page.ts';
import { readJob } from './job.ts';
import { type JobSearch, searchJobs } from './search.ts';

let fixture: Fixture;
const ids: string[] = [];

before(async () => {
  fixture = await createFixture();
  const [nasa, esa] = [await fixture.addDataset('nasa-moon'), await fixture.addDataset('esa-moon')];
  for (const dataset of [nasa, esa, nasa, esa, nasa]) {
    ids.push(await fixture.accept(dataset, 60_000));
  }
  await fixture.cancel(ids[1] ?? '');
});

after(async () => {
  await fixture.close();
});

async function found(search: Omit<JobSearch, 'limit'>, limit = 100): Promise<number[]> {
  const jobs = await searchJobs(fixture.database.pool('status'), { ...search, limit });
  return jobs.map((job) => ids.indexOf(job.id));
}

test('jobs are found by everything that is given, newest first', async () => {
  assert.deepEqual(await found({}), [4, 3, 2, 1, 0]);
  assert.deepEqual(await found({}, 2), [4, 3]);
  assert.deepEqual(await found({ before: ids[3] }), [2, 1, 0]);
  assert.deepEqual(await found({ status: 'cancelled' }), [1]);
  assert.deepEqual(await found({ status: 'failed' }), []);
  assert.deepEqual(await found({ status: 'completed' }), []);
  assert.deepEqual(await found({ dataset: 'nasa-moon' }), [4, 2, 0]);
  assert.deepEqual(await found({ dataset: 'nasa-moon', before: ids[4], type: 'reset' }, 1), [2]);
  assert.deepEqual(await found({ dataset: 'nowhere' }), []);
  assert.deepEqual(await found({ type: 'other' }), []);
});

test('a text is an id, the beginning of one, or part of a short code', async () => {
  const id = ids[2] ?? '';
  assert.deepEqual(await found({ text: id }), [2]);
  assert.deepEqual(await found({ text: ` ${id.toUpperCase()} ` }), [2]);
  assert.deepEqual(await found({ text: id.slice(0, 35) }), [2]);
  assert.ok((await found({ text: id.slice(0, 8) })).includes(2));
  assert.deepEqual(await found({ text: 'moon' }), [4, 3, 2, 1, 0]);
  assert.deepEqual(await found({ text: 'moon' }, 2), [4, 3]);
  assert.deepEqual(await found({ text: 'esa', status: 'scheduled' }), [3]);
  assert.deepEqual(await found({ text: 'esa', dataset: 'nasa-moon' }), []);
  for (const text of ['%', "'", '--------', 'ffffffff-ffff', '   ']) {
    assert.equal((await found({ text })).length, text.trim() === '' ? 5 : 0, text);
  }
});

test("a dataset's page has its lock and its jobs", async () => {
  const db = fixture.database.pool('status');
  const page = await readDatasetPage(db, 'nasa-moon', { limit: 2 });
  assert.deepEqual(
    page?.jobs.map((job) => ids.indexOf(job.id)),
    [4, 2],
  );
  assert.equal(page?.dataset.owner, 'nasa');
  assert.deepEqual([page?.lockStatus, page?.lockAbandoned], [null, false]);
  const older = await readDatasetPage(db, 'nasa-moon', { limit: 2, before: ids[2] });
  assert.deepEqual(
    older?.jobs.map((job) => ids.indexOf(job.id)),
    [0],
  );
  assert.equal(await readDatasetPage(db, 'nowhere', { limit: 2 }), undefined);
});

test('a job is read whoever it belongs to, with what only operators see', async () => {
  const db = fixture.database.pool('status');
  const job = await readJob(db, ids[0] ?? '');
  assert.deepEqual(
    [job?.dataset, job?.owner, job?.keyId, job?.leaseHolder, job?.enqueuedAt],
    ['nasa-moon', 'nasa', 1, null, null],
  );
  assert.equal(await readJob(db, crypto.randomUUID()), undefined);
});
