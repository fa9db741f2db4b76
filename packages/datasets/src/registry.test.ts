import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOwner, OwnerUnknown } from '@kasabi/accounts';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import type pg from 'pg';
import { DatasetCodeInvalid, DatasetExists, DatasetUnknown } from './errors.ts';
import {
  createDataset,
  findDataset,
  getDataset,
  listDatasets,
  publishDataset,
} from './registry.ts';
import { quadsTable } from './tables.ts';

let database: TestDatabase;
let pool: pg.Pool;

before(async () => {
  database = await createDatabase();
  pool = database.pool();
  await createOwner(pool, 'nasa');
});

after(async () => {
  await database.close();
});

async function tables(): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'store'",
  );
  return rows.map((row) => `store.${row.name}`);
}

test('a new dataset is an open, empty draft of its owner, with a table and its guard', async () => {
  const { id, created, ...dataset } = await createDataset(pool, {
    ...{ code: 'apollo', owner: 'nasa', title: 'The missions' },
  });
  assert.ok(created instanceof Date);
  assert.deepEqual(dataset, {
    ...{ code: 'apollo', title: 'The missions', owner: 'nasa', status: 'draft', published: null },
    ...{ storageMode: 'read-write', fence: 0, lockedBy: null, lockedAt: null },
    jobsPaused: false,
  });
  const { rows } = await pool.query(
    `SELECT tgenabled, tgtype & 4 > 0 AS inserts, tgtype & 8 > 0 AS deletes, tgtype & 16 > 0 AS updates,
            tgtype & 32 > 0 AS truncates, relreplident, pg_get_userbyid(relowner) AS owner
     FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
     WHERE tgrelid = $1::regclass AND tgfoid = 'kasabi.guard'::regproc`,
    [quadsTable(id)],
  );
  const all = { inserts: true, deletes: true, updates: true, truncates: true };
  assert.deepEqual(rows, [{ tgenabled: 'A', ...all, relreplident: 'f', owner: 'kasabi_owner' }]);
});

test('the title is the short code unless given', async () => {
  assert.equal((await createDataset(pool, { code: 'mir', owner: 'nasa' })).title, 'mir');
});

test('a short code that is taken or invalid, and an unknown owner, leave nothing behind', async () => {
  const [datasets, before] = [await listDatasets(pool), await tables()];
  await assert.rejects(createDataset(pool, { code: 'apollo', owner: 'nasa' }), DatasetExists);
  await assert.rejects(createDataset(pool, { code: 'new', owner: 'nobody' }), OwnerUnknown);
  for (const code of ['', '-a', 'A', 'a_b', 'a.b', 'a b', 'a\n', 'é', `${'a'.repeat(64)}`]) {
    await assert.rejects(createDataset(pool, { code, owner: 'nasa' }), DatasetCodeInvalid, code);
  }
  assert.deepEqual([await listDatasets(pool), await tables()], [datasets, before]);
});

test('of two datasets that are created at once with one code, one exists', async () => {
  const made = await Promise.allSettled(
    [1, 2, 3].map(() => createDataset(pool, { code: 'race', owner: 'nasa' })),
  );
  const failures = made.flatMap((it) => (it.status === 'rejected' ? [it.reason] : []));
  assert.equal(failures.length, 2);
  for (const failure of failures) assert.ok(failure instanceof DatasetExists, String(failure));
});

test('publishing happens once: a second time changes nothing', async () => {
  const first = await publishDataset(pool, 'apollo');
  assert.equal(first.status, 'published');
  assert.ok(first.published instanceof Date);
  assert.deepEqual(await publishDataset(pool, 'apollo'), first);
  await assert.rejects(publishDataset(pool, 'nowhere'), DatasetUnknown);
});

test('datasets are found by short code and listed in its order', async () => {
  assert.equal((await findDataset(pool, 'mir'))?.code, 'mir');
  assert.equal(await findDataset(pool, 'nowhere'), undefined);
  await assert.rejects(getDataset(pool, 'nowhere'), DatasetUnknown);
  const codes = (await listDatasets(pool)).map((it) => it.code);
  assert.deepEqual(codes, [...codes].sort());
  assert.ok(codes.includes('apollo') && codes.includes('mir'));
});
