import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import type pg from 'pg';
import { hasSqlState, isTransient, sqlState } from './errors.ts';
import { createPool } from './pool.ts';
import { withTransaction } from './transaction.ts';

let database: TestDatabase;
/** Looks on from outside. */
let observer: pg.Pool;
/** Of one connection, so that the next statement is on the one that was used before. */
let pool: pg.Pool;

before(async () => {
  database = await createDatabase();
  observer = database.pool();
  await observer.query('CREATE TABLE public.noted (value int PRIMARY KEY)');
  pool = createPool({
    url: database.url,
    applicationName: 'transaction-test',
    max: 1,
    onIdleError: () => undefined,
  });
});

beforeEach(async () => {
  await observer.query('TRUNCATE public.noted');
});

after(async () => {
  await pool.end();
  await database.close();
});

const note = (client: pg.PoolClient, value: number) =>
  client.query('INSERT INTO public.noted VALUES ($1)', [value]);

async function noted(): Promise<number[]> {
  const { rows } = await observer.query<{ value: number }>(
    'SELECT value FROM public.noted ORDER BY value',
  );
  return rows.map((row) => row.value);
}

async function backendPid(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return (rows[0] as { pid: number }).pid;
}

test('what work did is committed when it returns, and its result is handed on', async () => {
  const result = await withTransaction(pool, async (client) => {
    await note(client, 1);
    assert.deepEqual(await noted(), [], 'nothing is visible before the commit');
    return 'done';
  });
  assert.equal(result, 'done');
  assert.deepEqual(await noted(), [1]);
});

test('nothing of it is committed when it throws, and the connection serves the next', async () => {
  const failure = new Error('no');
  const work = async (client: pg.PoolClient) => {
    await note(client, 1);
    throw failure;
  };
  await assert.rejects(withTransaction(pool, work), failure);
  assert.deepEqual(await noted(), []);
  await withTransaction(pool, (client) => note(client, 2));
  assert.deepEqual(await noted(), [2]);
});

test('a transaction that Postgres rolled back never passes for a commit', async () => {
  const work = async (client: pg.PoolClient) => {
    await note(client, 1);
    await note(client, 1).catch(() => undefined);
    return 'done';
  };
  await assert.rejects(withTransaction(pool, work));
  assert.deepEqual(await noted(), []);
});

test('a connection lost in a statement rejects, is transient, and ends no process', async () => {
  const work = async (client: pg.PoolClient) => {
    const pid = await backendPid(client);
    await Promise.all([
      client.query('SELECT pg_sleep(30)'),
      observer.query('SELECT pg_terminate_backend($1)', [pid]),
    ]);
  };
  await assert.rejects(withTransaction(pool, work), isTransient);
  assert.deepEqual((await pool.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
});

test('a connection lost between two statements does the same', async () => {
  const work = async (client: pg.PoolClient) => {
    const pid = await backendPid(client);
    const gone = new Promise((resolve) => client.once('end', resolve));
    await observer.query('SELECT pg_terminate_backend($1)', [pid]);
    await gone;
    await client.query('SELECT 1');
  };
  await assert.rejects(withTransaction(pool, work), isTransient);
  assert.deepEqual((await pool.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
});

test('an abort cancels the statement under way and frees its locks at once', async () => {
  const aborting = new AbortController();
  const begun = performance.now();
  const work = async (client: pg.PoolClient) => {
    await note(client, 1);
    const slow = client.query('SELECT pg_sleep(30)');
    setImmediate(() => aborting.abort());
    await slow;
  };
  await assert.rejects(withTransaction(pool, work, aborting.signal), (error) =>
    hasSqlState(error, '57014'),
  );
  assert.ok(performance.now() - begun < 5_000);
  assert.deepEqual(await noted(), []);
});

test('an abort between statements keeps the commit from happening', async () => {
  const aborting = new AbortController();
  const work = async (client: pg.PoolClient) => {
    await note(client, 1);
    aborting.abort(new Error('stop'));
  };
  await assert.rejects(withTransaction(pool, work, aborting.signal), /stop/);
  assert.deepEqual(await noted(), []);
});

test('an abort cancels nothing of whoever has the connection next', async () => {
  const aborting = new AbortController();
  const work = async () => aborting.abort(new Error('stop'));
  await assert.rejects(withTransaction(pool, work, aborting.signal), /stop/);
  await pool.query('SELECT pg_sleep(0.5)');
});

test('with a signal that has fired nothing is begun', async () => {
  const work = async () => assert.fail('it ran');
  await assert.rejects(withTransaction(pool, work, AbortSignal.abort(new Error('stop'))), /stop/);
});

test('a lost race for COMMIT itself is reported', async () => {
  await observer.query(`
    CREATE TABLE public.deferred (value int UNIQUE DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO public.deferred VALUES (1)`);
  const work = (client: pg.PoolClient) => client.query('INSERT INTO public.deferred VALUES (1)');
  await assert.rejects(withTransaction(pool, work), (error) =>
    hasSqlState(error, sqlState.uniqueViolation),
  );
});

test('no listener and no connection is left behind', async () => {
  const seen: pg.PoolClient[] = [];
  for (let round = 0; round < 20; round += 1) {
    await withTransaction(pool, async (client) => void seen.push(client), AbortSignal.timeout(9e5));
  }
  const client = seen.at(-1) as pg.PoolClient;
  // The pool's own while a client idles, and the one that keeps a farewell from ending the process.
  assert.ok(client.listenerCount('error') <= 2, `${client.listenerCount('error')} listeners`);
  assert.equal(pool.totalCount, pool.idleCount);
});
