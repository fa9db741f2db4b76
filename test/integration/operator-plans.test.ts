// What operators look for among 200,000 records: every list reads indexes, and what no index tells is bounded.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { type JobFilter, mostLookedAt, searchJobs } from '@kasabi/jobs';
import {
  countDatasets,
  countForBulk,
  readOperatorActions,
  readOverview,
  searchDatasets,
} from '@kasabi/operations';
import { recordStatusesOf } from '@kasabi/protocol';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import type pg from 'pg';
import { fillRecords, registerDatasets } from '../support/fill-records.ts';
import { createExplainer, type Explainer } from './support/explain.ts';

const records = 200_000;
const datasets = 2_000;
let database: TestDatabase;
let client: pg.PoolClient;
let explainer: Explainer;

before(async () => {
  database = await createDatabase();
  const pool = database.pool();
  await createOwner(pool, 'owner');
  await createOwner(pool, 'other');
  await issueKey(pool, 'owner');
  await registerDatasets(pool, datasets);
  await pool.query(`UPDATE kasabi.dataset SET owner_id = 2 WHERE id % 10 = 0`);
  await fillRecords(pool, { records, datasets });
  // One in a thousand has failed: fifty of a dataset, and others.
  await pool.query(
    `UPDATE kasabi.job SET status = 'failed', message = 'The disk is full.'
     WHERE status = 'completed' AND (dataset_id = 7 OR id IN (
       SELECT id FROM kasabi.job WHERE status = 'completed' ORDER BY id LIMIT 200))`,
  );
  await pool.query(
    `INSERT INTO kasabi.operator_action (action, operator_address, outcome, part_of)
     SELECT 'cancel', 'x', 'done', CASE WHEN n % 2 = 0 THEN uuidv7() END FROM generate_series(1, 5000) n`,
  );
  await pool.query('VACUUM ANALYZE kasabi.job, kasabi.dataset, kasabi.operator_action');
  client = await pool.connect();
  await client.query('BEGIN');
  explainer = createExplainer(client);
});

after(async () => {
  await client?.query('ROLLBACK');
  client?.release();
  await database?.close();
});

/** Runs a step; how many pages it looked at. Asserts that no job was looked at but by an index. */
async function pagesOf(name: string, work: () => Promise<unknown>): Promise<number> {
  const earlier = explainer.explained.length;
  await explainer.step(name, work);
  const own = explainer.explained.slice(earlier);
  assert.ok(own.length > 0, `${name} sent a statement`);
  const endToEnd = own.flatMap(({ scans }) =>
    scans.filter(({ kind, table }) => kind === 'Seq Scan' && table === 'kasabi.job'),
  );
  assert.deepEqual(endToEnd, [], `${name} reads all jobs`);
  return own.reduce((sum, { pages }) => sum + pages, 0);
}

const day = 86_400_000;
const ago = (ms: number): Date => new Date(Date.now() - ms);

test('lists by what an index tells look at few pages', async () => {
  const cursor = (await searchJobs(client, { limit: 10_000 })).jobs.at(-1)?.id;
  const searches: Record<string, JobFilter & { before?: string | undefined }> = {
    newest: {},
    'far back': { before: cursor },
    failed: { status: 'failed' },
    running: { status: 'running' },
    dataset: { dataset: 'dataset-7' },
    'failed of a dataset': { dataset: 'dataset-7', status: 'failed' },
    'completed of a dataset without': { dataset: 'dataset-7', status: 'completed' },
    'scheduled of a dataset': { dataset: 'dataset-1', status: 'scheduled' },
    'a day of creation': { from: ago(41 * day), to: ago(40 * day) },
    'a day of creation of an owner': { from: ago(41 * day), to: ago(40 * day), owner: 'other' },
  };
  for (const [name, search] of Object.entries(searches)) {
    const pages = await pagesOf(name, () => searchJobs(explainer.pool, { ...search, limit: 51 }));
    assert.ok(pages < (search.owner === undefined ? 600 : 8_000), `${name}: ${pages} pages`);
  }
});

test("an owner's list looks into each of its datasets once, and into few of them further", async () => {
  for (const filter of [{ owner: 'other' }, { owner: 'owner' }, { text: 'set-19' }]) {
    const pages = await pagesOf(JSON.stringify(filter), () =>
      searchJobs(explainer.pool, { ...filter, limit: 51 }),
    );
    assert.ok(pages < datasets * 5, `${JSON.stringify(filter)}: ${pages} pages`);
  }
});

test('a list of what no index tells looks at a bounded number of jobs, and says how far it came', async () => {
  const found = await searchJobs(client, { message: 'nobody writes this', limit: 51 });
  assert.equal(found.jobs.length, 0);
  const { rows } = await client.query<{ newer: number }>(
    'SELECT count(*)::int AS newer FROM kasabi.job WHERE id >= $1',
    [found.searchedTo],
  );
  assert.equal(rows[0]?.newer, mostLookedAt);
  const rest = await searchJobs(client, {
    message: 'disk is',
    limit: 1_000,
    before: found.searchedTo,
  });
  assert.ok(rest.jobs.length > 200, 'it goes on from there');
  assert.equal(rest.searchedTo, undefined, 'to the end');
});

test('a bulk action is counted by the indexes of those that wait, or failed', async () => {
  for (const [verb, most] of [
    ['cancel', 60_000],
    ['retry', 3_000],
  ] as const) {
    for (const filter of [{}, { owner: 'other' }, { dataset: 'dataset-7' }, { message: 'disk' }]) {
      const name = `${verb} ${JSON.stringify(filter)}`;
      const pages = await pagesOf(name, () => countForBulk(explainer.pool, verb, filter));
      assert.ok(pages < most, `${name}: ${pages} pages`);
    }
  }
});

test("an owner's own list by status, the overview, datasets and the audit read indexes", async () => {
  for (const status of ['completed', 'failed', 'scheduled'] as const) {
    const list = { dataset: 'dataset-7', statuses: recordStatusesOf[status], limit: 21 };
    const pages = await pagesOf(`list ${status}`, () => searchJobs(explainer.pool, list));
    assert.ok(pages < 200, `list ${status}: ${pages} pages`);
  }
  await pagesOf('overview', () => readOverview(explainer.pool));
  const pages = await pagesOf('datasets', () => searchDatasets(explainer.pool, { limit: 51 }));
  assert.ok(pages < 2_000, `datasets: ${pages} pages`);
  await pagesOf('datasets counted', () => countDatasets(explainer.pool, { owner: 'other' }));
  const audit = await pagesOf('audit', () => readOperatorActions(explainer.pool, { limit: 101 }));
  assert.ok(audit < 500, `audit: ${audit} pages`);
});
