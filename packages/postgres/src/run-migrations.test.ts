// Migrations beside sessions that use the tables, as those of the version before do.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createDatabase, type TestDatabase, waitFor } from '@kasabi/test/support';
import pg from 'pg';
import { migrationsFolder } from './migrations.ts';
import { runMigrations, SchemaInUse } from './run-migrations.ts';

let database: TestDatabase;
let pool: pg.Pool;
let client: pg.Client;
let folder: string;
const warnings: string[] = [];

beforeEach(async () => {
  database = await createDatabase();
  pool = database.pool();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  folder = mkdtempSync(path.join(tmpdir(), 'kasabi-migrations-'));
  cpSync(migrationsFolder, folder, { recursive: true });
  warnings.length = 0;
});
afterEach(async () => {
  await client.end();
  await database.close();
  rmSync(folder, { recursive: true });
});

function add(name: string, up: string): void {
  writeFileSync(
    path.join(folder, `${name}.sql`),
    `-- Up Migration\n\n${up}\n\n-- Down Migration\n`,
  );
}

const run = (tries: number): Promise<string[]> =>
  runMigrations(client, {
    ...{ folder, lockTimeoutMs: 200, tries },
    warn: (sentence) => warnings.push(sentence),
  });

/** Runs this in a transaction, and leaves it open until the returned function is called. */
async function begin(statement: string): Promise<() => Promise<void>> {
  const session = await pool.connect();
  await session.query(`BEGIN; ${statement}`);
  return async () => {
    await session.query('COMMIT');
    session.release();
  };
}

/** Whether a statement with these words has waited for a lock so long. */
const isWaiting = async (words: string, ms = 0): Promise<boolean> =>
  (
    await pool.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1
         AND query_start < now() - $2 * interval '1 ms'`,
      [`%${words}%`, ms],
    )
  ).rowCount === 1;

const columns = async (): Promise<number | null> =>
  (
    await pool.query(
      "SELECT FROM pg_attribute WHERE attrelid = 'kasabi.owner'::regclass AND attname = 'email'",
    )
  ).rowCount;

test('a table that stays in use keeps nobody waiting for long, and nothing is changed', async () => {
  add('9001_email', 'ALTER TABLE kasabi.owner ADD COLUMN email text;');
  const commit = await begin('SELECT FROM kasabi.owner');
  const running = assert.rejects(run(2), (error: SchemaInUse) => {
    assert.ok(error instanceof SchemaInUse);
    assert.match(error.message, /for 200 ms.* try 2, the last/);
    return true;
  });
  await waitFor(() => isWaiting('ADD COLUMN email'), { what: 'the migration to wait', everyMs: 5 });
  // Behind the migration.
  await pool.query(
    "SET statement_timeout = '5s'; SELECT FROM kasabi.owner; RESET statement_timeout",
  );
  await running;
  assert.equal(warnings.length, 1);
  assert.equal(await columns(), 0);
  await commit();
  assert.deepEqual(await run(1), ['9001_email']);
  assert.equal(await columns(), 1);
});

test('it is tried again until the table is free', async () => {
  add('9001_email', 'ALTER TABLE kasabi.owner ADD COLUMN email text;');
  const commit = await begin('SELECT FROM kasabi.owner');
  const running = run(10);
  await waitFor(() => warnings.length === 1, { what: 'the first try to fail' });
  await commit();
  assert.deepEqual(await running, ['9001_email']);
});

test('an index is built beside writers, whose transactions it waits for', async () => {
  add(
    '9001_index',
    `-- Without a transaction: the table has rows; and so on.
     DROP INDEX CONCURRENTLY IF EXISTS kasabi.owner_by_name;
     CREATE INDEX CONCURRENTLY owner_by_name ON kasabi.owner (name);`,
  );
  add('9002_comment', "COMMENT ON INDEX kasabi.owner_by_name IS 'made';");
  const commit = await begin("INSERT INTO kasabi.owner (name) VALUES ('first')");
  const running = run(1);
  await waitFor(() => isWaiting('CREATE INDEX CONCURRENTLY', 400), { what: 'the index to wait' });
  await pool.query("INSERT INTO kasabi.owner (name) VALUES ('second')");
  await commit();
  assert.deepEqual(await running, ['9001_index', '9002_comment']);
  const { rows } = await pool.query(
    `SELECT indisvalid, obj_description(indexrelid) AS comment FROM pg_index
     WHERE indexrelid = 'kasabi.owner_by_name'::regclass`,
  );
  assert.deepEqual(rows, [{ indisvalid: true, comment: 'made' }]);
});

/** Indexes that a migration builds on tables that were there before, so that writers wait for it. */
function blockingIndexes(text: string): string[] {
  const [up = ''] = text.replaceAll(/--.*$/gm, '').split('-- Down Migration');
  return [...up.matchAll(/CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)[^;]*? ON (?:ONLY )?([\w.]+)/g)]
    .filter(([, table]) => !up.includes(`CREATE TABLE ${table}`))
    .map(([statement]) => statement.replaceAll(/\s+/g, ' '));
}

test('no migration since 0014 builds an index that keeps writers waiting', () => {
  const newer = readdirSync(migrationsFolder).filter((name) => name > '0015');
  for (const name of newer) {
    const text = readFileSync(path.join(migrationsFolder, name), 'utf8');
    assert.deepEqual(blockingIndexes(text), [], name);
  }
  assert.deepEqual(blockingIndexes('CREATE UNIQUE INDEX a ON kasabi.job (id);'), [
    'CREATE UNIQUE INDEX a ON kasabi.job',
  ]);
  const own = 'CREATE TABLE kasabi.b (id int);\nCREATE INDEX c\n  ON kasabi.b (id);';
  assert.deepEqual(blockingIndexes(own), []);
  assert.deepEqual(blockingIndexes('CREATE INDEX CONCURRENTLY d ON kasabi.job (id);'), []);
});
