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

const everybodyMakesTemporary = async (): Promise<boolean> =>
  (
    await pool.query<{ may: boolean }>(
      "SELECT has_database_privilege('public', current_database(), 'TEMPORARY') AS may",
    )
  ).rows[0]?.may ?? false;

test('nobody makes temporary objects in the database; a login that cannot change that says who can', async () => {
  await pool.query(`GRANT TEMPORARY ON DATABASE ${database.name} TO PUBLIC`);
  const login = `migrator_${database.name}`;
  await pool.query(`
    CREATE ROLE ${login} CREATEROLE;
    GRANT kasabi_owner, kasabi_api, kasabi_worker, kasabi_status, kasabi_operations TO ${login} WITH INHERIT TRUE, SET TRUE;
    GRANT CREATE ON DATABASE ${database.name} TO ${login}`);
  const warnings: string[] = [];
  const warn = (sentence: string) => warnings.push(sentence);
  try {
    await migrate({ databaseUrl: `${database.url}?options=-c%20role%3D${login}`, warn });
  } finally {
    await pool.query(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
  }
  assert.equal(warnings.length, 1, warnings.join());
  assert.ok(warnings[0]?.endsWith(`REVOKE TEMPORARY ON DATABASE ${database.name} FROM PUBLIC`));
  assert.equal(await everybodyMakesTemporary(), true);
  await migrate({ databaseUrl: database.url, warn });
  assert.equal(await everybodyMakesTemporary(), false);
  assert.equal(warnings.length, 1, warnings.join());
});

test('tables that older versions made without a replica identity get one, unless others keep them open', async () => {
  await pool.query(`
    CREATE TABLE store.quads_1 (n int); CREATE TABLE store.quads_2 (n int);
    ALTER TABLE store.quads_1 OWNER TO kasabi_owner; ALTER TABLE store.quads_2 OWNER TO kasabi_owner`);
  const identities = async (): Promise<string> =>
    (
      await pool.query<{ all: string }>(
        "SELECT string_agg(relreplident, '' ORDER BY relname) AS all FROM pg_class WHERE relname LIKE 'quads__'",
      )
    ).rows[0]?.all ?? '';
  const warnings: string[] = [];
  const run = () =>
    migrate({ databaseUrl: database.url, warn: (sentence) => warnings.push(sentence) });
  const reader = await pool.connect();
  try {
    await reader.query('BEGIN; SELECT FROM store.quads_1');
    await run();
    assert.equal(await identities(), 'df');
    assert.match(
      warnings.join(),
      /^1 of the datasets' tables were in use.*: store\.quads_1\. Migrate again/,
    );
  } finally {
    await reader.query('ROLLBACK');
    reader.release();
  }
  await run();
  assert.equal(await identities(), 'ff');
  assert.equal(warnings.length, 1);
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
