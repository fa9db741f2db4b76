import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import type pg from 'pg';
import { migrate } from './migrate.ts';
import { roleUrl } from './roles.ts';

let database: TestDatabase;
let pool: pg.Pool;

before(async () => {
  database = await createDatabase();
  pool = database.pool();
});

after(async () => {
  await database.close();
});

const objects = async (): Promise<unknown> =>
  (
    await pool.query(
      `SELECT relname, relkind, pg_get_userbyid(relowner) AS owner, relacl::text FROM pg_class
       WHERE relnamespace IN ('kasabi'::regnamespace, 'store'::regnamespace) ORDER BY relname`,
    )
  ).rows;

test('on a database that is up to date nothing is run and nothing changes', async () => {
  const before = await objects();
  assert.deepEqual(await migrate({ databaseUrl: database.url }), []);
  assert.deepEqual(await objects(), before);
});

test('two at once on an empty database leave what one would have', async () => {
  const expected = await objects();
  await pool.query('DROP SCHEMA kasabi CASCADE; DROP SCHEMA store CASCADE');
  const ran = await Promise.all(
    [1, 2].map(() => migrate({ databaseUrl: database.url }).catch((error: unknown) => error)),
  );
  const failures = ran.filter((it) => it instanceof Error);
  assert.deepEqual(failures, []);
  assert.deepEqual(
    ran.map((it) => (it as string[]).length > 0).sort(),
    [false, true],
    'one of them found it done',
  );
  assert.deepEqual(await objects(), expected);
});

test('everything made belongs to the owner of the schema', async () => {
  for (const row of (await objects()) as { owner: string; relname: string }[]) {
    assert.equal(row.owner, 'kasabi_owner', row.relname);
  }
});

test('a role’s URL assumes that role, beside options that were there', async () => {
  const url = roleUrl(`${database.url}?options=-c%20work_mem%3D5MB`, 'status');
  const pgPool = (await import('./pool.ts')).createPool({
    url,
    applicationName: 'roles-test',
    onIdleError: () => undefined,
  });
  try {
    const { rows } = await pgPool.query(
      "SELECT current_user AS role, current_setting('work_mem') AS memory",
    );
    assert.deepEqual(rows, [{ role: 'kasabi_status', memory: '5MB' }]);
  } finally {
    await pgPool.end();
  }
});
