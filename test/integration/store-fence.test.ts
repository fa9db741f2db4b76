import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { clearDataset, FencedOut, getDataset, quadsTable, releaseLock } from '@kasabi/datasets';
import { createPool, withTransaction } from '@kasabi/postgres';
import type pg from 'pg';
import { createFixture, type Fixture } from './support/fixture.ts';
import { type HeldLock, lock, onConnection, stateOf, unlock, writes } from './support/store.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

async function makeLocked(): Promise<HeldLock> {
  const { id } = await fixture.addDataset();
  return lock(fixture.worker, id);
}

/** The outcomes of all writes with this fence, without repeats. */
function withFence(datasetId: number, fence: string): Promise<string[]> {
  return onConnection(fixture, async (client) => {
    const states = new Set<string>();
    for (const write of Object.values(writes(datasetId))) {
      await client.query('BEGIN');
      await client.query("SELECT set_config('kasabi.fence', $1, true)", [fence]);
      states.add(await stateOf(write(client)));
      await client.query('ROLLBACK');
    }
    return [...states];
  });
}

const clear = (held: HeldLock, pool: pg.Pool = fixture.worker) =>
  withTransaction(pool, (client) =>
    clearDataset(client, {
      ...held,
      truncateFromBytes: 0,
      truncateTimeoutMs: 500,
      truncateTries: 1,
    }),
  );

test('the present fence opens a locked dataset to its holder', async () => {
  const { datasetId, fence } = await makeLocked();
  assert.deepEqual(await withFence(datasetId, `${datasetId}:${fence}`), ['ok']);
});

test('an older or a later fence, half a fence and nonsense open nothing', async () => {
  const first = await makeLocked();
  const { datasetId } = first;
  const second = await lock(fixture.worker, datasetId);
  assert.equal(second.fence, first.fence + 1);
  for (const carried of [first.fence, second.fence + 1, '', ' 2', '2 ', '02', '2:2', 'NULL']) {
    assert.deepEqual(
      await withFence(datasetId, `${datasetId}:${carried}`),
      ['25006'],
      `${carried}`,
    );
  }
  for (const carried of [String(datasetId), ':', '', '%', `${datasetId}`]) {
    assert.deepEqual(await withFence(datasetId, carried), ['25006'], carried);
  }
});

test('a stale fence is refused though the dataset is open to everybody else', async () => {
  const held = await makeLocked();
  await unlock(fixture.worker, held);
  const { datasetId, fence } = held;
  assert.deepEqual(await withFence(datasetId, `${datasetId}:${fence}`), ['25006']);
  await fixture.admin.query(`INSERT INTO ${quadsTable(datasetId)} VALUES ('new', 'p', 'o')`);
  await assert.rejects(clear(held), FencedOut);
  const { rows } = await fixture.admin.query(`SELECT subject FROM ${quadsTable(datasetId)}`);
  assert.deepEqual(rows, [{ subject: 'new' }]);
});

test('a fence of another dataset opens and closes nothing here', async () => {
  const [here, there] = [await makeLocked(), await makeLocked()];
  assert.deepEqual(await withFence(here.datasetId, `${there.datasetId}:${there.fence}`), ['25006']);
  await unlock(fixture.worker, here);
  assert.deepEqual(await withFence(here.datasetId, `${there.datasetId}:${there.fence}`), ['ok']);
});

test('a fence does not outlive its transaction on a pooled connection', async () => {
  const pool = createPool({
    url: fixture.database.url,
    applicationName: 'fence-test',
    max: 1,
    onIdleError: () => undefined,
  });
  try {
    const held = await makeLocked();
    const table = quadsTable(held.datasetId);
    await clear(held, pool);
    assert.equal(await stateOf(pool.query(`DELETE FROM ${table}`)), '25006');
    const failing = withTransaction(pool, async (client) => {
      await clearDataset(client, {
        ...held,
        truncateFromBytes: 0,
        truncateTimeoutMs: 500,
        truncateTries: 0,
      });
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.equal(await stateOf(pool.query(`DELETE FROM ${table}`)), '25006');
    await unlock(fixture.worker, held);
    assert.equal(await stateOf(pool.query(`INSERT INTO ${table} VALUES ('s', 'p', 'o')`)), 'ok');
    const { rows } = await pool.query("SELECT current_setting('lock_timeout') AS timeout");
    assert.deepEqual(rows, [{ timeout: '0' }]);
  } finally {
    await pool.end();
  }
});

test('only the job with the present fence can unlock, and only once', async () => {
  const first = await makeLocked();
  const second = await lock(fixture.worker, first.datasetId);
  for (const wrong of [
    first,
    { ...second, fence: first.fence },
    { ...second, jobId: randomUUID() },
  ]) {
    await assert.rejects(unlock(fixture.worker, wrong), FencedOut);
  }
  await unlock(fixture.worker, second);
  await assert.rejects(unlock(fixture.worker, second), FencedOut);
});

test('releasing frees the lock of that job alone, and none is no error', async () => {
  const held = await makeLocked();
  const code = await fixture.admin.query('SELECT code FROM kasabi.dataset WHERE id = $1', [
    held.datasetId,
  ]);
  const mode = async () => (await getDataset(fixture.admin, code.rows[0].code)).storageMode;
  await releaseLock(fixture.worker, { ...held, jobId: randomUUID() });
  assert.equal(await mode(), 'read-only');
  await releaseLock(fixture.worker, held);
  await releaseLock(fixture.worker, held);
  assert.equal(await mode(), 'read-write');
});

test('every lock has a new fence, also after a release', async () => {
  const first = await makeLocked();
  await releaseLock(fixture.worker, first);
  const second = await lock(fixture.worker, first.datasetId);
  assert.equal(second.fence, first.fence + 1);
  await assert.rejects(clear(first), FencedOut);
});
