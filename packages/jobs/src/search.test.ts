import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOwner, digestKey, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import { acceptJobs } from './accept.ts';
import { type JobSearch, searchJobs } from './search.ts';

let database: TestDatabase;

before(async () => {
  database = await createDatabase();
});

after(() => database.close());

test('jobs are listed newest first, a page at a time, and filtered', async () => {
  const owner = database.pool('owner');
  await createOwner(owner, 'nasa');
  const { secret } = await issueKey(owner, 'nasa');
  for (const code of ['a', 'b']) await createDataset(owner, { code, owner: 'nasa' });
  const keyDigest = digestKey(secret);
  const ids: string[] = [];
  for (const datasetCode of ['a', 'b', 'a', 'a']) {
    const request = { keyDigest, datasetCode, type: 'reset', startTime: undefined } as const;
    const [accepted] = await acceptJobs(owner, [request], { maxScheduleDays: 1 });
    assert.ok(accepted?.outcome === 'accepted');
    ids.push(accepted.job.id);
  }

  const list = async (search: Partial<JobSearch>) => {
    const { jobs } = await searchJobs(database.pool('status'), { limit: 10, ...search });
    return jobs.map((it) => it.id);
  };
  assert.deepEqual(await list({}), ids.toReversed());
  assert.deepEqual(await list({ limit: 2 }), [ids[3], ids[2]]);
  assert.deepEqual(await list({ limit: 2, before: ids[2] as string }), [ids[1], ids[0]]);
  assert.deepEqual(await list({ dataset: 'a' }), [ids[3], ids[2], ids[0]]);
  assert.deepEqual(await list({ dataset: 'b', type: 'reset' }), [ids[1]]);
  assert.deepEqual(await list({ dataset: 'nowhere' }), []);
  assert.deepEqual(await list({ status: 'running' }), []);
  const statuses = ['scheduled', 'failed', 'cancelled'] as const;
  assert.deepEqual(await list({ statuses, limit: 3 }), ids.toReversed().slice(0, 3));
  assert.deepEqual(await list({ statuses: ['failed', 'cancelled'] }), []);

  const { jobs } = await searchJobs(database.pool('api'), { dataset: 'b', limit: 1 });
  const [job] = jobs;
  assert.ok(job);
  const { created, startTime, due, dueInMs, ...rest } = job;
  assert.equal(dueInMs, 0, 'it is due');
  assert.ok(created instanceof Date && created <= startTime);
  assert.deepEqual(due, startTime);
  assert.deepEqual(rest, {
    id: ids[1],
    dataset: 'b',
    type: 'reset',
    status: 'scheduled',
    started: null,
    endTime: null,
    attempt: 0,
    message: null,
    reason: null,
    progress: null,
    result: null,
  });
});
