import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOwner } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { type JobSearch, searchJobs } from '@kasabi/jobs';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { readDatasetPage } from './dataset-page.ts';
import { readJob } from './job.ts';

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
  const { jobs } = await searchJobs(fixture.database.pool('status'), { ...search, limit });
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

test('jobs are found by owner, by parts of their message, and by their times', async () => {
  await createOwner(fixture.admin, 'esa');
  const hers = await createDataset(fixture.admin, { code: 'hers', owner: 'esa' });
  await fixture.admin.query(
    `INSERT INTO kasabi.job (dataset_id, type, status, created, start_time, due, end_time, message, id, requested_by)
     SELECT $1, 'reset', 'failed', at, at + interval '1 h', at + interval '1 h', at + interval '2 h',
            'The Disk is full', uuidv7(at - now()), 1
     FROM (SELECT timestamptz '2026-11-20T10:00Z' + n * interval '1 day' AS at FROM generate_series(0, 2) n) t`,
    [hers.id],
  );
  const days = async (search: object): Promise<number[]> => {
    const { jobs } = await searchJobs(fixture.database.pool('status'), { ...search, limit: 100 });
    return jobs.map(({ created }) => created.getUTCDate());
  };
  assert.deepEqual(await days({ owner: 'esa' }), [22, 21, 20]);
  assert.deepEqual(await days({ owner: 'esa', status: 'completed' }), []);
  assert.deepEqual(await days({ owner: 'nobody' }), []);
  assert.equal((await days({ owner: 'nasa' })).length, 5);
  assert.deepEqual(await days({ message: 'disk IS' }), [22, 21, 20]);
  assert.deepEqual(await days({ message: 'disk is', dataset: 'nasa-moon' }), []);
  assert.deepEqual(await days({ message: '%' }), [], 'it is no pattern');
  const at = (day: string) => new Date(`2026-11-${day}Z`);
  assert.deepEqual(await days({ owner: 'esa', from: at('21T10:00'), to: at('22T10:00') }), [21]);
  assert.deepEqual(await days({ from: at('20T10:00'), to: at('20T10:00:01') }), [20]);
  const start = { time: 'start', from: at('21T11:00'), to: at('22T11:00') } as const;
  assert.deepEqual(await days(start), [21]);
  const ended = { time: 'ended', from: at('21T12:00'), to: at('22T12:00:01') } as const;
  assert.deepEqual(await days({ ...ended, owner: 'esa' }), [22, 21]);
  assert.deepEqual(await days({ ...ended, text: 'her' }), [22, 21]);
});

test('pages of an owner with many datasets have every job once, in order', async () => {
  const all = (await searchJobs(fixture.database.pool('status'), { limit: 100 })).jobs;
  for (const search of [{ text: 'moon' }, { owner: 'nasa' }]) {
    const paged: string[] = [];
    for (let before: string | undefined; ; ) {
      const { jobs } = await searchJobs(fixture.database.pool('status'), {
        ...search,
        before,
        limit: 2,
      });
      paged.push(...jobs.map(({ id }) => id));
      before = jobs.at(-1)?.id;
      if (jobs.length < 2) break;
    }
    const wanted = all.filter(({ dataset }) => dataset.endsWith('moon')).map(({ id }) => id);
    assert.deepEqual(paged, wanted);
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
