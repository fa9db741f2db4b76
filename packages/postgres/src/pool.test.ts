import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import type pg from 'pg';
import { createPool } from './pool.ts';

let database: TestDatabase;

before(async () => {
  database = await createDatabase();
});

after(async () => {
  await database.close();
});

test('a session ends ten minutes after it began, as soon as nobody uses it', async () => {
  const pool = createPool({
    ...{ url: database.url, applicationName: 'pool-test', max: 1 },
    onIdleError: () => undefined,
  });
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    // Held meanwhile: a connection that idles is closed for that, much earlier.
    const usedFor = async (seconds: number): Promise<number> => {
      const client = await pool.connect();
      mock.timers.tick(seconds * 1_000);
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      client.release();
      return rows[0]?.pid ?? 0;
    };
    const first = await usedFor(599);
    assert.equal(await usedFor(2), first);
    assert.notEqual(await usedFor(0), first);
  } finally {
    mock.timers.reset();
    await (pool as pg.Pool).end();
  }
});

test('a session ends after as many uses as its pool says', async () => {
  const pool = createPool({
    ...{ url: database.url, applicationName: 'pool-test', max: 1, maxUses: 3 },
    onIdleError: () => undefined,
  });
  try {
    const pids: number[] = [];
    for (let use = 0; use < 6; use += 1) {
      const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      pids.push(rows[0]?.pid ?? 0);
    }
    const [first, fourth] = [pids[0], pids[3]];
    assert.notEqual(first, fourth);
    assert.deepEqual(pids, [first, first, first, fourth, fourth, fourth]);
  } finally {
    await pool.end();
  }
});
