import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type ClearMethod, clearDataset, type Dataset, quadsTable } from '@kasabi/datasets';
import { complete, createPruner } from '@kasabi/jobs';
import { hasSqlState, isTransient, withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { lock, onConnection, stateOf } from '@kasabi/test/support/store';

// The server of the tests is no publisher (wal_level is replica), which Postgres warns of; what it refuses
// for a publication it refuses all the same.

let fixture: Fixture;
let dataset: Dataset;
let table: string;

before(async () => {
  fixture = await createFixture();
  await fixture.admin.query('CREATE PUBLICATION everything FOR ALL TABLES');
});

beforeEach(async () => {
  dataset = await fixture.addDataset();
  table = quadsTable(dataset.id);
  await fixture.admin.query(
    `INSERT INTO ${table} SELECT n::text, 'p', 'o' FROM generate_series(1, 1000) n`,
  );
});

after(async () => {
  await fixture.close();
});

/** Clears the dataset, as one of fewer bytes than that is deleted from; resolves to how it was done. */
async function clear(truncateFromBytes: number, truncateTries = 1): Promise<ClearMethod> {
  const held = await lock(fixture.worker, dataset.id);
  const limits = { truncateFromBytes, truncateTries, truncateTimeoutMs: 100 };
  const method = await withTransaction(fixture.worker, (client) =>
    clearDataset(client, { ...held, ...limits }),
  );
  const { rows } = await fixture.admin.query(`SELECT FROM ${table}`);
  assert.equal(rows.length, 0);
  return method;
}

const [small, large] = [Number.MAX_SAFE_INTEGER, 0];

/** Runs `work` while a reader has the table open. */
const besideReader = <T>(work: () => Promise<T>): Promise<T> =>
  onConnection(fixture, async (reader) => {
    await reader.query(`BEGIN; SELECT count(*) FROM ${table}`);
    return await work();
  });

/** As a version before this one made it, or as somebody altered it. */
const forgetIdentity = () => fixture.admin.query(`ALTER TABLE ${table} REPLICA IDENTITY NOTHING`);

test('every table of ours may be updated and deleted from while all tables are published', async () => {
  const { rows } = await fixture.admin.query<{ name: string; column: string }>(
    `SELECT c.oid::regclass AS name, quote_ident(attname) AS column
     FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum = 1
     WHERE relnamespace IN ('kasabi'::regnamespace, 'store'::regnamespace) AND relkind IN ('r', 'p')`,
  );
  assert.ok(rows.some(({ name }) => name === table) && rows.length > 8);
  for (const { name, column } of rows) {
    const update = `UPDATE ${name} SET ${column} = ${column} WHERE false`;
    // An identity column is set to nothing but its default.
    const state = await stateOf(fixture.admin.query(update));
    assert.ok(state === 'ok' || state === '428C9', `${update}: ${state}`);
    const deletion = `DELETE FROM ${name} WHERE false`;
    assert.equal(await stateOf(fixture.admin.query(deletion)), 'ok', deletion);
  }
});

test('published, a dataset is cleared as ever: deleted, truncated, or deleted beside a reader', async () => {
  assert.equal(await clear(small), 'delete');
  assert.equal(await clear(large), 'truncate');
  assert.equal(await besideReader(() => clear(large)), 'delete');
});

test('where a publication refuses the DELETE it becomes a TRUNCATE', async () => {
  await forgetIdentity();
  assert.equal(await stateOf(fixture.admin.query(`DELETE FROM ${table}`)), '55000');
  assert.equal(await clear(small), 'truncate');
  assert.equal(await clear(small, 0), 'truncate');
});

test('a publication of some columns refuses the DELETE, too', async () => {
  await fixture.admin.query(`
    DROP PUBLICATION everything;
    CREATE PUBLICATION columns_only FOR TABLE ${table} (subject, object)`);
  try {
    assert.equal(await stateOf(fixture.admin.query(`DELETE FROM ${table}`)), '42P10');
    assert.equal(await clear(small), 'truncate');
  } finally {
    await fixture.admin.query(`
      DROP PUBLICATION columns_only; CREATE PUBLICATION everything FOR ALL TABLES`);
  }
});

test('where neither can be, clearing fails as something that may succeed later, and nothing is cleared', async () => {
  await forgetIdentity();
  for (const bytes of [small, large]) {
    await besideReader(() =>
      assert.rejects(clear(bytes, 2), (error) => hasSqlState(error, '55P03') && isTransient(error)),
    );
  }
  const { rows } = await fixture.admin.query(`SELECT FROM ${table}`);
  assert.equal(rows.length, 1_000);
});

test('published, an ended job is pruned with its transitions', async () => {
  const jobId = await fixture.accept(dataset);
  const held = await fixture.take(jobId);
  await complete(fixture.worker, held);
  await fixture.admin.query(
    `UPDATE kasabi.job SET created = created - interval '2 days', start_time = start_time - interval '2 days',
       due = due - interval '2 days', started = started - interval '2 days', end_time = end_time - interval '2 days'
     WHERE id = $1`,
    [jobId],
  );
  const pruned: number[] = [];
  await createPruner({
    ...{ db: fixture.worker, intervalMs: 1_000, retentionDays: 1 },
    onPrune: ({ jobs }) => pruned.push(jobs),
    onError: (error) => {
      throw error;
    },
  }).runOnce();
  assert.deepEqual(pruned, [1]);
  const { rows } = await fixture.admin.query(
    'SELECT FROM kasabi.job_transition WHERE job_id = $1',
    [jobId],
  );
  assert.equal(rows.length, 0);
});
