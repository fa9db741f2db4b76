import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { clearDataset, FencedOut, getDataset, quadsTable, unlockDataset } from '@kasabi/datasets';
import { createPool, withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import {
  type HeldLock,
  lock,
  onConnection,
  stateOf,
  unlock,
  writes,
} from '@kasabi/test/support/store';
import type pg from 'pg';

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

/** What the session of a lock's holder carries. */
const carriedBy = ({ datasetId, fence, secret }: HeldLock): string =>
  `${datasetId}:${fence}:${secret}`;

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

test('the present fence with its secret opens a locked dataset to its holder', async () => {
  const held = await makeLocked();
  assert.deepEqual(await withFence(held.datasetId, carriedBy(held)), ['ok']);
});

test('the present fence opens nothing to who does not know the secret of the lock', async () => {
  const before = await makeLocked();
  const held = await lock(fixture.worker, before.datasetId);
  const { datasetId, fence, secret } = held;
  assert.notEqual(secret, before.secret);
  const { rows } = await fixture.admin.query<{ digest: string }>(
    "SELECT encode(lock_digest, 'hex') AS digest FROM kasabi.dataset WHERE id = $1",
    [datasetId],
  );
  const digest = rows[0]?.digest ?? '';
  assert.equal(digest.length, 64);
  const guesses = ['', 'NULL', digest, `\\x${digest}`, held.jobId, before.secret, `${secret}x`];
  for (const guess of [...guesses, secret.slice(1), secret.toLowerCase(), ` ${secret}`]) {
    const carried = `${datasetId}:${fence}:${guess}`;
    assert.deepEqual(await withFence(datasetId, carried), ['25006'], carried);
  }
  assert.deepEqual(await withFence(datasetId, `${datasetId}:${fence}`), ['25006']);
  assert.deepEqual(await withFence(datasetId, carriedBy(held)), ['ok']);
});

test('a lock without a secret opens to nobody', async () => {
  const { datasetId, fence } = await makeLocked();
  await fixture.admin.query('UPDATE kasabi.dataset SET lock_digest = NULL WHERE id = $1', [
    datasetId,
  ]);
  for (const carried of [`${datasetId}:${fence}`, `${datasetId}:${fence}:`]) {
    assert.deepEqual(await withFence(datasetId, carried), ['25006'], carried);
  }
});

/** What follows an attempt without effect. */
const unlockAny = ({ datasetId, jobId }: HeldLock): Promise<void> =>
  unlockDataset(fixture.worker, { datasetId, jobId });

test('the secret of a lock that ended, in any way, opens nothing again', async () => {
  const ends: Readonly<Record<string, (held: HeldLock) => Promise<unknown>>> = {
    unlocked: (held) => unlock(fixture.worker, held),
    'unlocked without a fence': (held) => unlockAny(held),
    abandoned: ({ datasetId, jobId }) =>
      fixture.api.query('SELECT kasabi.release_abandoned_lock($1, $2)', [datasetId, jobId]),
    'taken over': ({ datasetId }) => lock(fixture.worker, datasetId),
  };
  for (const [how, end] of Object.entries(ends)) {
    const held = await makeLocked();
    const { datasetId, secret } = held;
    await end(held);
    const { rows } = await fixture.admin.query<{ locked: boolean; has: boolean }>(
      `SELECT locked_by IS NOT NULL AS locked, lock_digest IS NOT NULL AS has
       FROM kasabi.dataset WHERE id = $1`,
      [datasetId],
    );
    assert.equal(rows[0]?.has, rows[0]?.locked, `${how}: the digest outlives the lock`);
    assert.deepEqual(await withFence(datasetId, carriedBy(held)), ['25006'], how);
    await lock(fixture.worker, datasetId);
    for (const fence of [held.fence, held.fence + 1, held.fence + 2]) {
      const carried = `${datasetId}:${fence}:${secret}`;
      assert.deepEqual(await withFence(datasetId, carried), ['25006'], `${how}: ${carried}`);
    }
  }
});

test('an older or a later fence, half a fence and nonsense open nothing', async () => {
  const first = await makeLocked();
  const { datasetId } = first;
  const second = await lock(fixture.worker, datasetId);
  assert.equal(second.fence, first.fence + 1);
  for (const carried of [first.fence, second.fence + 1, '', ' 2', '2 ', '02', '2:2', 'NULL']) {
    for (const secret of [second.secret, first.secret]) {
      const fence = `${datasetId}:${carried}:${secret}`;
      assert.deepEqual(await withFence(datasetId, fence), ['25006'], fence);
    }
  }
  for (const carried of [String(datasetId), ':', '', '%', `${datasetId}`]) {
    assert.deepEqual(await withFence(datasetId, carried), ['25006'], carried);
  }
});

test('a stale fence is refused though the dataset is open to everybody else', async () => {
  const held = await makeLocked();
  await unlock(fixture.worker, held);
  const { datasetId } = held;
  assert.deepEqual(await withFence(datasetId, carriedBy(held)), ['25006']);
  await fixture.admin.query(`INSERT INTO ${quadsTable(datasetId)} VALUES ('new', 'p', 'o')`);
  await assert.rejects(clear(held), FencedOut);
  const { rows } = await fixture.admin.query(`SELECT subject FROM ${quadsTable(datasetId)}`);
  assert.deepEqual(rows, [{ subject: 'new' }]);
});

test('a fence of another dataset opens and closes nothing here', async () => {
  const [here, there] = [await makeLocked(), await makeLocked()];
  const { datasetId, fence } = here;
  const stolen = `${datasetId}:${fence}:${there.secret}`;
  assert.deepEqual(await withFence(datasetId, stolen), ['25006']);
  assert.deepEqual(await withFence(datasetId, carriedBy(there)), ['25006']);
  await unlock(fixture.worker, here);
  assert.deepEqual(await withFence(datasetId, carriedBy(there)), ['ok']);
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

test('without a fence the lock of that job alone is unlocked, and none is no error', async () => {
  const held = await makeLocked();
  const code = await fixture.admin.query('SELECT code FROM kasabi.dataset WHERE id = $1', [
    held.datasetId,
  ]);
  const mode = async () => (await getDataset(fixture.admin, code.rows[0].code)).storageMode;
  await unlockAny({ ...held, jobId: randomUUID() });
  assert.equal(await mode(), 'read-only');
  await unlockAny(held);
  await unlockAny(held);
  assert.equal(await mode(), 'read-write');
});

test('every lock has a new fence, also after it was unlocked without one', async () => {
  const first = await makeLocked();
  await unlockAny(first);
  const second = await lock(fixture.worker, first.datasetId);
  assert.equal(second.fence, first.fence + 1);
  await assert.rejects(clear(first), FencedOut);
});
