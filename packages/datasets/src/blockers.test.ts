// Which transactions keep a job from its dataset, on real locks: each kind that can.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createPool, roleUrl, withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { type HeldLock, lock, unlock } from '@kasabi/test/support/store';
import pg from 'pg';
import { namingBlockers, readBlockers } from './blockers.ts';
import { clearDataset } from './clear.ts';
import { DatasetBusy } from './errors.ts';
import { lockDataset } from './lock.ts';
import type { Dataset } from './registry.ts';
import { quadsTable } from './tables.ts';

let fixture: Fixture;
let worker: pg.Pool;
let dataset: Dataset;
let other: pg.Client;

before(async () => {
  fixture = await createFixture();
  worker = createPool({
    url: roleUrl(fixture.database.url, 'worker'),
    applicationName: 'kasabi-worker',
    // Longer than any bounded wait here.
    statementTimeoutMs: 9_000,
    onIdleError: () => undefined,
  });
});

beforeEach(async () => {
  dataset = await fixture.addDataset();
  await other?.end();
  other = new pg.Client({
    connectionString: fixture.database.url,
    application_name: "Bob's load",
  });
  await other.connect();
});

after(async () => {
  await other?.end();
  await worker.end();
  await fixture.close();
});

const insert = (): string =>
  `INSERT INTO ${quadsTable(dataset.id)} VALUES ('secret of bob', 'p', 'o')`;

/** The description of a transaction that began like this. */
async function begin(statement: string): Promise<RegExp> {
  await other.query(`BEGIN; ${statement}`);
  const { rows } = await other.query<{ pid: number; user: string }>(
    'SELECT pg_backend_pid() AS pid, session_user AS user',
  );
  const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';
  const { pid, user } = rows[0] as { pid: number; user: string };
  return new RegExp(
    `^process ${pid} \\(Bob's load\\) of ${user}, in a transaction since ${time}, idle in transaction since ${time}$`,
  );
}

/** Works as a worker does; returns what blocked it. */
async function keptBy(work: (client: pg.PoolClient) => Promise<unknown>): Promise<string[]> {
  const naming = { datasetId: dataset.id, everyMs: 50 };
  const begun = performance.now();
  const error: unknown = await namingBlockers(fixture.worker, naming, () =>
    withTransaction(worker, work),
  ).then(
    () => assert.fail('nothing kept it'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DatasetBusy, String(error));
  assert.ok(performance.now() - begun < 8_000);
  assert.doesNotMatch(error.message, /secret of bob/);
  const named = /in time\. Blocked by: (.*)\.$/.exec(error.message);
  assert.ok(named?.[1] !== undefined, error.message);
  return named[1].split('; ');
}

const lockIt = (client: pg.ClientBase): Promise<unknown> =>
  lockDataset(client, { datasetId: dataset.id, jobId: crypto.randomUUID(), timeoutMs: 400 });

const clearIt =
  (held: HeldLock) =>
  (client: pg.ClientBase): Promise<unknown> =>
    clearDataset(client, {
      ...held,
      truncateFromBytes: 0,
      truncateTimeoutMs: 50,
      truncateTries: 1,
    });

async function assertOne(named: readonly string[], expected: RegExp): Promise<void> {
  assert.equal(named.length, 1, named.join('; '));
  assert.match(named[0] ?? '', expected);
}

test('a writer that idles in its transaction is named, with its start, and without what it wrote', async () => {
  const writer = await begin(insert());
  await assertOne(await keptBy(lockIt), writer);
  // Also while no job waits.
  await assertOne(await readBlockers(fixture.worker, dataset.id), writer);
  await other.query('COMMIT');
  assert.deepEqual(await readBlockers(fixture.worker, dataset.id), []);
});

test('a writer of another dataset is not named', async () => {
  await begin(insert());
  const written = dataset;
  dataset = await fixture.addDataset();
  assert.deepEqual(await readBlockers(fixture.worker, dataset.id), []);
  assert.equal((await readBlockers(fixture.worker, written.id)).length, 1);
});

test('a prepared transaction is named by its name, which no process has', async () => {
  const name = `bob's "import"\n; of ${dataset.code}`;
  await other.query(`BEGIN; ${insert()}; PREPARE TRANSACTION ${other.escapeLiteral(name)}`);
  try {
    const said = `the prepared transaction 'bob''s "import"\\?; of ${dataset.code}' of \\w+ since \\S+Z, which must be committed or rolled back`;
    assert.match((await keptBy(lockIt)).join('; '), new RegExp(`^${said}$`));
    const waiting = await readBlockers(fixture.worker, dataset.id);
    assert.match(waiting.join('; '), new RegExp(`^${said}$`));
  } finally {
    await other.query(`ROLLBACK PREPARED ${other.escapeLiteral(name)}`);
  }
});

test('the holder of a lock on the registry row is named, during locking and clearing', async () => {
  const row = `SELECT FROM kasabi.dataset WHERE id = ${dataset.id} FOR UPDATE`;
  const holder = await begin(row);
  await assertOne(await keptBy(lockIt), holder);
  await other.query('ROLLBACK');
  const held = await lock(worker, dataset.id);
  await begin(row);
  await assertOne(await keptBy(clearIt(held)), holder);
  await other.query('ROLLBACK');
  await unlock(worker, held);
});

test('a transaction that alters the table is named during clearing and afterwards', async () => {
  const held = await lock(worker, dataset.id);
  const changer = await begin(`LOCK TABLE ${quadsTable(dataset.id)} IN SHARE MODE`);
  await assertOne(await keptBy(clearIt(held)), changer);
  await assertOne(await readBlockers(fixture.worker, dataset.id), changer);
  await other.query('ROLLBACK');
  await unlock(worker, held);
});

test('where Postgres hides the start of a transaction, it is left out', async () => {
  await begin(insert());
  await fixture.admin.query('REVOKE pg_read_all_stats FROM kasabi_owner');
  try {
    const named = await readBlockers(fixture.worker, dataset.id);
    assert.match(named.join(), /^process \d+ \(Bob's load\) of \w+, in a transaction$/);
  } finally {
    await fixture.admin.query('GRANT pg_read_all_stats TO kasabi_owner');
  }
});

test('only the worker may ask', async () => {
  for (const role of ['api', 'status', 'operations'] as const) {
    await assert.rejects(readBlockers(fixture.database.pool(role), dataset.id), { code: '42501' });
  }
});

test('of very many blockers, the oldest are named and the others counted', async () => {
  const writers = Array.from(
    { length: 7 },
    () => new pg.Client({ connectionString: fixture.database.url }),
  );
  try {
    for (const writer of writers) {
      await writer.connect();
      await writer.query(`BEGIN; ${insert()}`);
    }
    const named = await keptBy(lockIt);
    assert.equal(named.length, 6);
    assert.equal(named.at(-1), '2 more');
  } finally {
    await Promise.all(writers.map((writer) => writer.end()));
  }
});

test('other errors are passed on unchanged', async () => {
  const naming = { datasetId: dataset.id, everyMs: 50 };
  const failure = new Error('no');
  await assert.rejects(
    namingBlockers(fixture.worker, naming, () => Promise.reject(failure)),
    (error) => error === failure,
  );
});
