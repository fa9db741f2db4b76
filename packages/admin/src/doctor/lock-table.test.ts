// Whether a dump of all datasets finds room in the lock table, on a server of its own with little of it.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createOwner } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { startPostgres } from '@kasabi/local';
import { createPool, migrate } from '@kasabi/postgres';
import { type PrivateServer, serverOf } from '@kasabi/test/support/private-servers';
import pg from 'pg';
import type { Check } from './check.ts';
import { checkLockTable } from './lock-table.ts';

const datasets = 100;
/**
 * With the fewest locks that it can be set to, a test's server promises room for 2,380, and had it for 5,468: as much
 * again is there for other purposes.
 */
const otherTables = 7_000;

let folder: string;
let server: PrivateServer;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'kasabi-lock-table-'));
  chmodSync(folder, 0o711);
  const options = { dir: path.join(folder, 'postgres'), ephemeral: true };
  const first = await startPostgres(options);
  const { password } = new URL(first.url);
  server = serverOf(first, options.dir, () =>
    startPostgres({ ...options, password, port: first.port }),
  );
  await migrate({ databaseUrl: first.url });
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

async function withPool<T>(work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = createPool({
    ...{ url: server.url, applicationName: 'test', max: 1, onIdleError: () => undefined },
  });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/** Restarts it with so many locks for each process. */
async function setLocks(perProcess: number): Promise<void> {
  await withPool((pool) =>
    pool.query(`ALTER SYSTEM SET max_locks_per_transaction = ${perProcess}`),
  );
  await server.stop();
  await server.start();
}

/** Locks what pg_dump locks, in its way; resolves to how many locks of tables that took. */
async function lockAll(): Promise<number> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const { rows } = await client.query<{ tables: string }>(
      `SELECT string_agg(oid::regclass::text, ', ') AS tables FROM pg_class
       WHERE relkind = 'r' AND relnamespace IN ('kasabi'::regnamespace, 'store'::regnamespace)`,
    );
    await client.query(`LOCK TABLE ${rows[0]?.tables} IN ACCESS SHARE MODE`);
    const { rows: locks } = await client.query<{ count: string }>(
      `SELECT count(*) FROM pg_locks
       WHERE pid = pg_backend_pid() AND relation > 16383 AND mode = 'AccessShareLock'`,
    );
    return Number(locks[0]?.count);
  } finally {
    await client.end();
  }
}

const check = (): Promise<Check> => withPool(checkLockTable);
const locksOfDump = ({ what }: Check): number => Number(/a dump takes (\d+)/.exec(what)?.[1]);

test('says what to set where a dump finds no room, and what it says is enough', async () => {
  await withPool(async (pool) => {
    await createOwner(pool, 'owner');
    const before = locksOfDump(await check());
    for (let n = 0; n < datasets; n += 1) {
      await createDataset(pool, { code: `set-${n}`, owner: 'owner' });
    }
    assert.equal(locksOfDump(await check()), before + datasets, 'one for each dataset');
    await pool.query(`DO $$ BEGIN
      FOR n IN 1..${otherTables} LOOP
        EXECUTE format('CREATE TABLE store.quads_%s (a int)', 1000000 + n);
        IF n % 100 = 0 THEN COMMIT; END IF;
      END LOOP;
    END $$`);
  });
  assert.equal((await check()).status, 'ok');
  assert.equal(await lockAll(), locksOfDump(await check()));

  await setLocks(10);
  await assert.rejects(lockAll(), { code: '53200', hint: /max_locks_per_transaction/ });
  const { status, todo } = await check();
  assert.equal(status, 'warn');

  const advised = Number(/max_locks_per_transaction=(\d+)/.exec(todo ?? '')?.[1]);
  await setLocks(advised);
  await lockAll();
  assert.equal((await check()).status, 'ok');
});
