import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { countQuads, type Dataset, quadsTable } from '@kasabi/datasets';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import {
  type HeldLock,
  isolationLevels,
  lock,
  onConnection,
  stateOf,
  unlock,
  writes,
} from '@kasabi/test/support/store';

let fixture: Fixture;
let dataset: Dataset;
let held: HeldLock | undefined;

before(async () => {
  fixture = await createFixture();
  dataset = await fixture.addDataset();
  await fixture.admin.query(`INSERT INTO ${quadsTable(dataset.id)} VALUES ('s', 'p', 'o')`);
});

after(async () => {
  await fixture.close();
});

async function setLocked(locked: boolean): Promise<void> {
  if (locked) held ??= await lock(fixture.worker, dataset.id);
  else if (held !== undefined) {
    await unlock(fixture.worker, held);
    held = undefined;
  }
}

/** What identifies the rows and whether they were touched. */
async function contents(): Promise<string> {
  const { rows } = await fixture.admin.query(
    `SELECT q.*, q.xmin::text, q.ctid::text FROM ${quadsTable(dataset.id)} q ORDER BY ctid`,
  );
  return JSON.stringify(rows);
}

const sessions: Readonly<Record<string, string>> = {
  'the superuser': 'SET ROLE NONE',
  'the owner of the schema': 'SET ROLE kasabi_owner',
  'a session that skips triggers': "SET session_replication_role = 'replica'",
  'a session with a search path of its own': 'SET search_path = store, kasabi, public',
};

for (const [who, setup] of Object.entries(sessions)) {
  for (const level of isolationLevels) {
    test(`while locked, every write of ${who} at ${level} is refused with 25006`, async () => {
      await setLocked(true);
      const before = await contents();
      await onConnection(
        fixture,
        async (client) => {
          for (const [name, write] of Object.entries(writes(dataset.id))) {
            await client.query(`BEGIN ISOLATION LEVEL ${level}`);
            assert.equal(await stateOf(write(client)), '25006', name);
            await client.query('ROLLBACK');
          }
        },
        { setup },
      );
      assert.equal(await contents(), before);
    });

    test(`while unlocked, every write of ${who} at ${level} is taken`, async () => {
      await setLocked(false);
      await onConnection(
        fixture,
        async (client) => {
          for (const [name, write] of Object.entries(writes(dataset.id))) {
            await client.query(`BEGIN ISOLATION LEVEL ${level}`);
            assert.equal(await stateOf(write(client)), 'ok', name);
            await client.query('ROLLBACK');
          }
        },
        { setup },
      );
    });
  }
}

test('a refused write without a transaction of its own changes nothing either', async () => {
  await setLocked(true);
  const before = await contents();
  await onConnection(fixture, async (client) => {
    for (const [name, write] of Object.entries(writes(dataset.id))) {
      assert.equal(await stateOf(write(client)), '25006', name);
    }
  });
  assert.equal(await contents(), before);
});

test('a statement prepared before the lock is refused after it', async () => {
  await setLocked(false);
  await onConnection(fixture, async (client) => {
    const table = quadsTable(dataset.id);
    await client.query(`PREPARE w AS INSERT INTO ${table} VALUES ($1, 'p', 'o')`);
    for (let n = 0; n < 6; n += 1) await client.query("EXECUTE w ('before')");
    await setLocked(true);
    assert.equal(await stateOf(client.query("EXECUTE w ('during')")), '25006');
    await setLocked(false);
    await client.query("EXECUTE w ('after')");
  });
});

test('a write by way of a view, a rule of the owner or a trigger elsewhere is refused', async () => {
  await setLocked(true);
  const table = quadsTable(dataset.id);
  await fixture.admin.query(`
    CREATE VIEW public.seen AS SELECT * FROM ${table};
    CREATE TABLE public.inbox (subject text);
    CREATE FUNCTION public.pass_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO ${table} VALUES (NEW.subject, 'p', 'o'); RETURN NEW; END $$;
    CREATE TRIGGER pass_on BEFORE INSERT ON public.inbox FOR EACH ROW EXECUTE FUNCTION public.pass_on();
    CREATE TABLE public.outbox (subject text);
    CREATE RULE pass_on AS ON INSERT TO public.outbox
      DO ALSO INSERT INTO ${table} VALUES (NEW.subject, 'p', 'o');`);
  const before = await contents();
  for (const text of [
    "INSERT INTO public.seen VALUES ('s', 'p', 'o')",
    'DELETE FROM public.seen',
    "INSERT INTO public.inbox VALUES ('s')",
    "INSERT INTO public.outbox VALUES ('s')",
  ]) {
    assert.equal(await stateOf(fixture.admin.query(text)), '25006', text);
  }
  assert.equal(await contents(), before);
});

test('a writer that hides the refusal in a savepoint or a block has still written nothing', async () => {
  await setLocked(true);
  const before = await contents();
  await onConnection(fixture, async (client) => {
    const table = quadsTable(dataset.id);
    await client.query(`DO $$ BEGIN
      INSERT INTO ${table} VALUES ('hidden', 'p', 'o');
    EXCEPTION WHEN read_only_sql_transaction THEN NULL; END $$`);
    await client.query('BEGIN; SAVEPOINT hidden');
    assert.equal(await stateOf(client.query(`DELETE FROM ${table}`)), '25006');
    await client.query('ROLLBACK TO SAVEPOINT hidden; COMMIT');
  });
  assert.equal(await contents(), before);
});

test('a refusal names the dataset and says when to write again', async () => {
  await setLocked(true);
  await assert.rejects(fixture.admin.query(`DELETE FROM ${quadsTable(dataset.id)}`), {
    code: '25006',
    message: `dataset "${dataset.code}" is read-only while a job runs on it`,
    hint: 'Write again when its storageMode is read-write.',
  });
});

test('while locked, reads go on, for every role that may, and other datasets are open', async () => {
  await setLocked(true);
  await countQuads(fixture.database.pool('owner'), dataset.code);
  await onConnection(fixture, (client) =>
    client.query(`COPY (SELECT * FROM ${quadsTable(dataset.id)}) TO '/dev/null'`),
  );
  const other = await fixture.addDataset();
  for (const [name, write] of Object.entries(writes(other.id))) {
    await onConnection(fixture, async (client) => {
      assert.equal(await stateOf(write(client)), 'ok', name);
    });
  }
});
