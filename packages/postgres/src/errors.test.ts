import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import pg from 'pg';
import { hasSqlState, isRefusal, isTransient, sqlState } from './errors.ts';
import { createPool } from './pool.ts';

let database: TestDatabase;
let pool: pg.Pool;

before(async () => {
  database = await createDatabase();
  pool = database.pool();
  await pool.query('CREATE TABLE public.counter (id int PRIMARY KEY, n int)');
  await pool.query('INSERT INTO public.counter VALUES (1, 0), (2, 0)');
});

after(async () => {
  await database.close();
});

/** What a statement, or a series of them, fails with. */
async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return assert.fail('it succeeded');
}

/** Runs `work` with two connections, which are closed after it. */
async function withTwo(work: (one: pg.Client, two: pg.Client) => Promise<void>): Promise<void> {
  const clients = [new pg.Client(database.url), new pg.Client(database.url)] as const;
  for (const client of clients) {
    client.on('error', () => undefined);
    await client.connect();
  }
  try {
    await work(...clients);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

const add = (id: number): string => `UPDATE public.counter SET n = n + 1 WHERE id = ${id}`;

test('a serialization failure is transient', async () => {
  await withTwo(async (one, two) => {
    await one.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM public.counter');
    await two.query(add(1));
    const error = await errorOf(one.query(add(1)));
    assert.ok(hasSqlState(error, sqlState.serializationFailure) && isTransient(error));
  });
});

test('a deadlock is transient', async () => {
  await withTwo(async (one, two) => {
    await one.query(`SET deadlock_timeout = '10ms'; BEGIN; ${add(1)}`);
    await two.query(`SET deadlock_timeout = '10s'; BEGIN; ${add(2)}`);
    const other = two.query(add(1));
    const error = await errorOf(one.query(add(2)));
    assert.ok(hasSqlState(error, sqlState.deadlock) && isTransient(error));
    await one.query('ROLLBACK');
    await other;
  });
});

test('a lock timeout is transient', async () => {
  await withTwo(async (one, two) => {
    await one.query(`BEGIN; ${add(1)}`);
    await two.query("SET lock_timeout = '10ms'");
    const error = await errorOf(two.query(add(1)));
    assert.ok(hasSqlState(error, sqlState.lockNotAvailable) && isTransient(error));
  });
});

test('a statement timeout, a killed connection and an idle transaction are transient', async () => {
  await withTwo(async (one, two) => {
    await one.query("SET statement_timeout = '10ms'");
    assert.ok(isTransient(await errorOf(one.query('SELECT pg_sleep(1)'))));
    const { rows } = await one.query('SELECT pg_backend_pid() AS pid');
    const gone = new Promise((resolve) => one.once('end', resolve));
    const killed = errorOf(one.query("SET statement_timeout = '1min'; SELECT pg_sleep(30)"));
    await two.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    assert.ok(isTransient(await killed));
    await gone;
    assert.ok(isTransient(await errorOf(one.query('SELECT 1'))), 'and so is what comes after it');
  });
  await withTwo(async (one) => {
    const gone = new Promise((resolve) => one.once('end', resolve));
    await one.query("SET idle_in_transaction_session_timeout = '10ms'; BEGIN");
    await gone;
    assert.ok(isTransient(await errorOf(one.query('SELECT 1'))));
  });
});

test('a database that cannot be reached is transient, and nothing was refused', async () => {
  const nowhere = createPool({
    url: 'postgresql://nobody@127.0.0.1:1/none',
    applicationName: 'test',
    onIdleError: () => undefined,
  });
  const error = await errorOf(nowhere.query('SELECT 1'));
  await nowhere.end();
  assert.ok(isTransient(error) && !isRefusal(error), String(error));
});

test('what is wrong with the statement itself is not transient: it was refused', async () => {
  for (const text of [
    'SELEC 1',
    'INSERT INTO public.counter VALUES (1, 1)',
    'SELECT 1 / 0',
    'SELECT count(*) FROM public.counter GROUP BY',
    "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'read_only_sql_transaction'; END $$",
  ]) {
    const error = await errorOf(pool.query(text));
    assert.ok(!isTransient(error) && isRefusal(error), text);
  }
  for (const other of [new Error('a bug'), new TypeError('no'), 'text', undefined]) {
    assert.ok(!isTransient(other) && !isRefusal(other));
  }
});
