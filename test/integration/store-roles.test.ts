import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dataset, quadsTable } from '@kasabi/datasets';
import type { Role } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { stateOf } from '@kasabi/test/support/store';

let fixture: Fixture;
let dataset: Dataset;

before(async () => {
  fixture = await createFixture();
  dataset = await fixture.addDataset();
  await fixture.accept(dataset);
});

after(async () => {
  await fixture.close();
});

const denied = '42501';

/** How a statement of a role ends; it is rolled back. */
async function as(role: Role, text: string): Promise<string> {
  const client = await fixture.database.pool(role).connect();
  try {
    await client.query('BEGIN');
    return await stateOf(client.query(text));
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

async function tables(): Promise<string[]> {
  const { rows } = await fixture.admin.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname IN ('kasabi', 'store', 'public')`,
  );
  return rows.map((row) => row.name);
}

/** Every statement that could change a table, though it would change no row. */
async function writesTo(table: string): Promise<string[]> {
  const { rows } = await fixture.admin.query<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
  return [
    `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM ${table} WHERE false`,
    ...rows.map(({ name }) => `UPDATE ${table} SET ${name} = DEFAULT WHERE false`),
    `DELETE FROM ${table} WHERE false`,
    `TRUNCATE ${table}`,
    `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`,
    `ALTER TABLE ${table} ADD COLUMN extra text`,
    `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
    `DROP TABLE ${table}`,
  ];
}

test('the status role can write to no table, in no way', async () => {
  const all = await tables();
  assert.ok(all.includes(quadsTable(dataset.id)) && all.includes('kasabi.job'), all.join());
  for (const table of all) {
    for (const text of await writesTo(table)) assert.equal(await as('status', text), denied, text);
  }
});

test('the status role reads no quads, no trace and no digest of a lock', async () => {
  assert.equal(await as('status', 'SELECT id, status, message FROM kasabi.job'), 'ok');
  for (const text of [
    ...[
      `SELECT subject FROM ${quadsTable(dataset.id)}`,
      `COPY ${quadsTable(dataset.id)} TO STDOUT`,
    ],
    ...['SELECT trace FROM kasabi.job', 'SELECT lock_digest FROM kasabi.dataset'],
  ]) {
    assert.equal(await as('status', text), denied, text);
  }
});

for (const role of ['api', 'operations'] as const) {
  test(`the ${role} role can neither read nor write quads`, async () => {
    const table = quadsTable(dataset.id);
    for (const text of [`SELECT * FROM ${table}`, ...(await writesTo(table))]) {
      assert.equal(await as(role, text), denied, text);
    }
  });

  test(`the ${role} role can write neither registry, nor owners, nor keys, nor the migrations`, async () => {
    for (const name of ['dataset', 'owner', 'api_key', 'migration']) {
      for (const text of await writesTo(`kasabi.${name}`)) {
        assert.equal(await as(role, text), denied, text);
      }
    }
    assert.equal(await as(role, 'DELETE FROM kasabi.job'), denied);
  });
}

test('the operations role reads no key, and changes nothing in the audit', async () => {
  for (const text of [
    'SELECT digest FROM kasabi.api_key',
    "UPDATE kasabi.operator_action SET outcome = 'done'",
    'DELETE FROM kasabi.operator_action',
  ]) {
    assert.equal(await as('operations', text), denied, text);
  }
});

test('the api role can accept, note what Redis holds and cancel; it can end, move or begin no job', async () => {
  const scheduled = await fixture.accept(dataset);
  const running = await fixture.accept(await fixture.addDataset());
  await fixture.take(running);
  const other = await fixture.addDataset();
  assert.equal(await as('api', 'UPDATE kasabi.job SET enqueued_at = now()'), 'ok');
  for (const set of [
    ...[
      "status = 'completed', end_time = now()",
      "status = 'failed', message = 'no', end_time = now()",
    ],
    ...["status = 'cancelled'", "status = 'scheduled'", 'end_time = now()', "message = 'changed'"],
    ...[`dataset_id = ${other.id}`, "type = 'other'", 'due = now()', 'start_time = now()'],
    ...[
      "lease_holder = 'me', lease_expires = now()",
      'attempt = 0',
      'fence = 1',
      'requested_by = 1',
    ],
  ]) {
    for (const role of ['api', 'operations'] as const) {
      assert.equal(await as(role, `UPDATE kasabi.job SET ${set}`), denied, set);
    }
  }
  const insert = (columns: string, values: string) =>
    as(
      'api',
      `INSERT INTO kasabi.job (dataset_id, type, start_time, due, requested_by, ${columns})
       SELECT dataset_id, type, now(), now(), requested_by, ${values} FROM kasabi.job LIMIT 1`,
    );
  assert.equal(await insert('message', "'no'"), 'ok');
  assert.equal(
    await insert('status, lease_holder, lease_expires', "'running', 'me', now()"),
    denied,
  );
  assert.equal(await insert('attempt', '1'), denied);
  const note =
    "INSERT INTO kasabi.job_transition (job_id, event, attempt, actor) SELECT id, 'complete', 1, 'me' FROM kasabi.job";
  assert.equal(await as('api', note), denied);

  const { rows } = await fixture.api.query(
    "SELECT kasabi.cancel_job($1, 'me', 'me') AS one, kasabi.cancel_job($2, 'me', 'me') AS two",
    [scheduled, running],
  );
  assert.deepEqual(rows, [{ one: true, two: false }]);
  assert.equal((await fixture.read(scheduled))['status'], 'cancelled');
  assert.equal((await fixture.read(running))['status'], 'running');
  for (const role of ['worker', 'status'] as const) {
    assert.equal(await as(role, "SELECT kasabi.cancel_job(NULL, '', '')"), denied);
  }
});

test('the worker role can clear quads and not write any', async () => {
  const table = quadsTable(dataset.id);
  assert.equal(await as('worker', `DELETE FROM ${table}`), 'ok');
  assert.equal(await as('worker', `TRUNCATE ${table}`), 'ok');
  for (const text of [
    `INSERT INTO ${table} VALUES ('s', 'p', 'o')`,
    `UPDATE ${table} SET object = 'other'`,
    `COPY ${table} FROM STDIN`,
    `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
    `DROP TABLE ${table}`,
  ]) {
    assert.equal(await as('worker', text), denied, text);
  }
});

test('the worker role can lock a dataset and change nothing else of the registry', async () => {
  const changes = {
    code: "'other'",
    title: "'other'",
    owner_id: '2',
    status: "'draft'",
    id: 'DEFAULT',
  };
  for (const [column, value] of Object.entries(changes)) {
    const text = `UPDATE kasabi.dataset SET ${column} = ${value}`;
    assert.equal(await as('worker', text), denied, text);
  }
  assert.equal(await as('worker', 'UPDATE kasabi.dataset SET fence = fence + 1'), 'ok');
  for (const text of ['DELETE FROM kasabi.dataset', 'INSERT INTO kasabi.job DEFAULT VALUES']) {
    assert.equal(await as('worker', text), denied, text);
  }
  assert.equal(await as('worker', 'SELECT * FROM kasabi.api_key'), denied);
});

test('no service role may make tables, become another or call the guard', async () => {
  for (const role of ['api', 'worker', 'status', 'operations'] as const) {
    for (const schema of ['kasabi', 'store', 'public']) {
      assert.equal(await as(role, `CREATE TABLE ${schema}.mine (n int)`), denied);
    }
    const made = `CREATE TEMP TABLE mine (n int);
      CREATE TRIGGER mine BEFORE INSERT ON mine EXECUTE FUNCTION kasabi.guard(1)`;
    assert.equal(await as(role, made), denied);
  }
});
