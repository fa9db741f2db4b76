import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createDatabase, type TestDatabase, waitFor } from '@kasabi/test/support';
import type pg from 'pg';
import { sicknessOf } from './errors.ts';
import { createPool } from './pool.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { readonly type: 'minor' | 'major' }) => void;

let database: TestDatabase;
let pool: pg.Pool;

before(async () => {
  database = await createDatabase();
  pool = createPool({
    ...{ url: database.url, applicationName: 'statement-test', max: 1, statementTimeoutMs: 500 },
    onIdleError: () => undefined,
  });
});

after(async () => {
  await pool.end();
  await database.close();
});

test('a statement that was answered is collected with the young objects', async () => {
  const values = (): string[] => ['x'.repeat(50_000)];
  const client = await pool.connect();
  try {
    await measure(() => client.query('SELECT $1::text', values()));
  } finally {
    client.release();
  }
  await measure(() => pool.query('SELECT $1::text', values()));
});

/** Runs 200 statements of 50 kB, and collects young objects only. */
async function measure(run: () => Promise<unknown>): Promise<void> {
  await run();
  collect({ type: 'major' });
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 200; n += 1) await run();
  for (let n = 0; n < 3; n += 1) collect({ type: 'minor' });
  const kept = process.memoryUsage().heapUsed - before;
  assert.ok(kept < 5_000_000, `${kept} of 10,000,000 bytes are kept`);
}

test('a statement that is not answered in time fails, and so does its connection', async () => {
  const client = await pool.connect();
  // Postgres's own limit is off, as if it were frozen.
  await client.query('SET statement_timeout = 0');
  try {
    const [asked, next] = await Promise.allSettled([
      client.query('SELECT pg_sleep(2)'),
      client.query('SELECT 1'),
    ]);
    assert.equal(asked.status, 'rejected');
    assert.match(String(asked.reason), /Query read timeout/);
    assert.match(String(asked.reason.stack), /statement-client\.test/);
    assert.equal(next.status === 'rejected' && sicknessOf(next.reason), 'unreachable');
  } finally {
    client.release(true);
  }
  const sleeping = `SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(2)'`;
  await waitFor(async () => (await pool.query(sleeping)).rows.length === 0, {
    what: 'the end of the statement in Postgres',
  });
});
