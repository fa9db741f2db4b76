import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createPool, roleUrl, withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { type HeldLock, lock, onConnection } from '@kasabi/test/support/store';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';
import { type ClearMethod, clearDataset } from './clear.ts';
import { FencedOut } from './errors.ts';
import { quadsTable } from './tables.ts';

let fixture: Fixture;
/** Clearing that waits for long fails. */
let pool: pg.Pool;
let held: HeldLock;
let table: string;

before(async () => {
  fixture = await createFixture();
  pool = createPool({
    url: roleUrl(fixture.database.url, 'worker'),
    applicationName: 'clearer',
    statementTimeoutMs: 4_000,
    onIdleError: () => undefined,
  });
});

beforeEach(async () => {
  const dataset = await fixture.addDataset();
  table = quadsTable(dataset.id);
  await fixture.admin.query(
    `INSERT INTO ${table} SELECT n::text, 'p', 'o' FROM generate_series(1, 1000) n`,
  );
  held = await lock(fixture.worker, dataset.id);
});

after(async () => {
  await pool.end();
  await fixture.close();
});

function clear(truncateTries: number, truncateTimeoutMs = 100): Promise<ClearMethod> {
  return withTransaction(pool, (client) =>
    clearDataset(client, { ...held, truncateFromBytes: 0, truncateTimeoutMs, truncateTries }),
  );
}

async function count(): Promise<number> {
  const { rows } = await fixture.admin.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${table}`,
  );
  return (rows[0] as { count: number }).count;
}

/** Runs `work` while a reader has the table open. */
function besideReader<T>(work: (reader: pg.Client) => Promise<T>): Promise<T> {
  return onConnection(fixture, async (reader) => {
    await reader.query(`BEGIN; SELECT count(*) FROM ${table}`);
    return await work(reader);
  });
}

test('with the table to itself it truncates: no dead row is left', async () => {
  assert.equal(await clear(1), 'truncate');
  assert.equal(await count(), 0);
  const { rows } = await fixture.admin.query(`SELECT pg_relation_size('${table}')::int AS size`);
  assert.deepEqual(rows, [{ size: 0 }]);
});

test('it deletes from a table smaller than the given size and truncates a larger one', async () => {
  const { rows } = await fixture.admin.query<{ size: number }>(
    `SELECT pg_relation_size('${table}')::int AS size`,
  );
  const size = rows[0]?.size ?? Number.NaN;
  const limits = { truncateTimeoutMs: 100, truncateTries: 1 };
  const clearFrom = (truncateFromBytes: number) =>
    withTransaction(pool, (client) =>
      clearDataset(client, { ...held, ...limits, truncateFromBytes }),
    );
  assert.equal(await clearFrom(size + 1), 'delete');
  assert.equal(await count(), 0);
  // Its pages still exist.
  assert.equal(await clearFrom(size), 'truncate');
});

test('with no try allowed it deletes', async () => {
  assert.equal(await clear(0), 'delete');
  assert.equal(await count(), 0);
});

test('it leaves a long reader alone: after the allowed tries it deletes', async () => {
  await besideReader(async () => {
    const begun = performance.now();
    assert.equal(await clear(3, 100), 'delete');
    const took = performance.now() - begun;
    assert.ok(took > 300 && took < 1_500, `${took}`);
  });
  assert.equal(await count(), 0);
});

test('it truncates once a reader leaves in time', async () => {
  await besideReader(async (reader) => {
    const clearing = clear(20, 50);
    await waitFor(() => clearerWaits(), { what: 'a TRUNCATE to wait', everyMs: 5 });
    await reader.query('COMMIT');
    assert.equal(await clearing, 'truncate');
  });
});

test('between two tries the readers that queued behind the first get through', async () => {
  await besideReader(async () => {
    const clearing = clear(6, 150);
    const latencies: number[] = [];
    let done = false;
    void clearing.finally(() => {
      done = true;
    });
    while (!done) {
      const begun = performance.now();
      await fixture.admin.query(`SELECT FROM ${table} LIMIT 1`);
      latencies.push(performance.now() - begun);
    }
    assert.equal(await clearing, 'delete');
    const longest = Math.max(...latencies);
    assert.ok(longest > 75 && longest < 150 + 150, `${longest}`);
  });
});

test('a rollback undoes it, by either method', async () => {
  for (const truncateTries of [0, 1]) {
    const failing = withTransaction(pool, async (client) => {
      await clearDataset(client, {
        ...held,
        truncateFromBytes: 0,
        truncateTimeoutMs: 100,
        truncateTries,
      });
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.equal(await count(), 1_000);
  }
});

test('with an outdated fence nothing is cleared', async () => {
  const stale = held;
  held = { ...stale, fence: stale.fence + 1 };
  for (const tries of [0, 3]) await assert.rejects(clear(tries), FencedOut);
  await lock(fixture.worker, stale.datasetId);
  held = stale;
  for (const tries of [0, 3]) await assert.rejects(clear(tries), FencedOut);
  assert.equal(await count(), 1_000);
});

test('a lost attempt is refused before it waits for the table', async () => {
  const lost = held;
  await lock(fixture.worker, lost.datasetId);
  held = lost;
  // The wait would end with the pool's statement timeout, another error.
  await besideReader(() => assert.rejects(clear(1, 60_000), FencedOut));
});

test('locking during a clearing waits for its end, and no deadlock ends it', async () => {
  let locking: Promise<HeldLock> | undefined;
  const cleared = await withTransaction(pool, (client) => {
    const entering = {
      async query(statement: string) {
        const result = await client.query(statement);
        if (locking === undefined) {
          locking = lock(fixture.worker, held.datasetId);
          await waitFor(() => waits('test-worker'), { what: 'the other to wait for the lock' });
        }
        return result;
      },
    } as unknown as pg.ClientBase;
    const options = { truncateFromBytes: 0, truncateTimeoutMs: 100, truncateTries: 0 };
    return clearDataset(entering, { ...held, ...options });
  });
  assert.deepEqual([cleared, await count()], ['delete', 0]);
  assert.equal((await locking)?.fence, held.fence + 1);
});

test('an error other than a lock timeout is reported, not retried', async () => {
  await fixture.admin.query(`REVOKE TRUNCATE ON ${table} FROM kasabi_worker`);
  await assert.rejects(clear(3), { code: '42501' });
});

const clearerWaits = (): Promise<boolean> => waits('clearer');

async function waits(application: string): Promise<boolean> {
  const { rows } = await fixture.admin.query(
    `SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'
       AND datname = current_database()`,
    [application],
  );
  return rows.length > 0;
}
