import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dataset, lockDataset, quadsTable } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import {
  isolationLevels,
  lock,
  onConnection,
  stateOf,
  unlock,
  writes,
} from '@kasabi/test/support/store';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

/** Runs `work` in a transaction whose snapshot is taken before it. */
function withSnapshot(level: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  return onConnection(fixture, async (client) => {
    await client.query(`BEGIN ISOLATION LEVEL ${level}`);
    await client.query('SELECT count(*) FROM kasabi.dataset');
    await work(client);
    await client.query('ROLLBACK');
  });
}

for (const level of isolationLevels) {
  const refusal = level === 'READ COMMITTED' ? '25006' : '40001';

  test(`a snapshot of before the lock opens no way in at ${level}: ${refusal}`, async () => {
    const { id } = await fixture.addDataset();
    for (const [name, write] of Object.entries(writes(id))) {
      await withSnapshot(level, async (client) => {
        const held = await lock(fixture.worker, id);
        assert.equal(await stateOf(write(client)), refusal, name);
        await unlock(fixture.worker, held);
      });
    }
  });

  test(`a snapshot of before a whole reset does not write to what follows it at ${level}`, async () => {
    const { id } = await fixture.addDataset();
    const after = level === 'READ COMMITTED' ? 'ok' : '40001';
    for (const [name, write] of Object.entries(writes(id))) {
      await withSnapshot(level, async (client) => {
        await unlock(fixture.worker, await lock(fixture.worker, id));
        assert.equal(await stateOf(write(client)), after, name);
      });
    }
  });

  test(`a writer in flight at ${level} commits before the lock is granted`, async () => {
    const dataset = await fixture.addDataset();
    const { id } = dataset;
    await onConnection(fixture, async (writer) => {
      await writer.query(`BEGIN ISOLATION LEVEL ${level}`);
      await writer.query(`INSERT INTO ${quadsTable(id)} VALUES ('in flight', 'p', 'o')`);
      const locking = lock(fixture.worker, id);
      await waitFor(() => lockWaits(), { what: 'the lock to wait' });
      await writer.query(`INSERT INTO ${quadsTable(id)} VALUES ('and more', 'p', 'o')`);
      await writer.query('COMMIT');
      await locking;
    });
    assert.deepEqual(await subjects(dataset), ['and more', 'in flight']);
  });

  test(`a write at ${level} that comes while the lock waits is refused or comes after it`, async () => {
    const dataset = await fixture.addDataset();
    await onConnection(fixture, async (early) => {
      await early.query('BEGIN');
      await early.query(`INSERT INTO ${quadsTable(dataset.id)} VALUES ('early', 'p', 'o')`);
      const locking = lock(fixture.worker, dataset.id);
      await waitFor(() => lockWaits(), { what: 'the lock to wait' });
      await withSnapshot(level, async (late) => {
        const insert = `INSERT INTO ${quadsTable(dataset.id)} VALUES ('late', 'p', 'o')`;
        const writing = stateOf(late.query(insert));
        await waitFor(async () => (await waiting()) === 2, { what: 'the write to wait behind it' });
        await early.query('COMMIT');
        await locking;
        assert.equal(await writing, refusal);
      });
    });
    assert.deepEqual(await subjects(dataset), ['early']);
  });
}

test('a lock that cannot be granted in time gives up, lets the writers go on, and can be had later', async () => {
  const dataset = await fixture.addDataset();
  const table = quadsTable(dataset.id);
  await onConnection(fixture, async (idle) => {
    await idle.query('BEGIN');
    await idle.query(`INSERT INTO ${table} VALUES ('idle', 'p', 'o')`);
    const begun = performance.now();
    const locking = stateOf(lock(fixture.worker, dataset.id, 400));
    await waitFor(() => lockWaits(), { what: 'the lock to wait' });
    // It queues behind the lock request, and is free when that one gives up.
    await fixture.admin.query(`INSERT INTO ${table} VALUES ('behind', 'p', 'o')`);
    const waited = performance.now() - begun;
    assert.equal(await locking, 'dataset-busy');
    assert.ok(waited > 300 && waited < 1_400, `${waited}`);
    const { rows } = await fixture.admin.query('SELECT fence FROM kasabi.dataset WHERE id = $1', [
      dataset.id,
    ]);
    assert.equal(rows[0]?.fence, 0);
    await idle.query('COMMIT');
  });
  await lock(fixture.worker, dataset.id, 400);
  assert.deepEqual(await subjects(dataset), ['behind', 'idle']);
});

test('a lock that is rolled back leaves the dataset as it was', async () => {
  const dataset = await fixture.addDataset();
  const failing = withTransaction(fixture.worker, async (client) => {
    const request = { datasetId: dataset.id, jobId: crypto.randomUUID(), timeoutMs: 1_000 };
    await lockDataset(client, request);
    throw new Error('no');
  });
  await assert.rejects(failing, /no/);
  await fixture.admin.query(`INSERT INTO ${quadsTable(dataset.id)} VALUES ('s', 'p', 'o')`);
});

async function subjects({ id }: Dataset): Promise<string[]> {
  const { rows } = await fixture.admin.query<{ subject: string }>(
    `SELECT subject FROM ${quadsTable(id)} ORDER BY subject`,
  );
  return rows.map((row) => row.subject);
}

/** How many sessions of this database wait for an advisory lock. */
async function waiting(): Promise<number> {
  const { rows } = await fixture.admin.query(
    `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.length;
}

const lockWaits = async (): Promise<boolean> => (await waiting()) === 1;
