import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, roleUrl } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { type HeldLock, lock, onConnection, stateOf, unlock } from '@kasabi/test/support/store';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';
import { FencedOut } from './errors.ts';
import { type Restored, restoreDataset } from './restore.ts';
import { quadsTable } from './tables.ts';
import { unlockDataset } from './unlock.ts';

let fixture: Fixture;
/** Without pipeline mode, as COPY needs it. */
let pool: pg.Pool;
let held: HeldLock;
let table: string;

before(async () => {
  fixture = await createFixture();
  pool = createPool({
    url: roleUrl(fixture.database.url, 'worker'),
    applicationName: 'restorer',
    onIdleError: () => undefined,
  });
});
beforeEach(async () => {
  const dataset = await fixture.addDataset();
  table = quadsTable(dataset.id);
  await fixture.admin.query(
    `INSERT INTO ${table} SELECT '<s:old>', '<s:p>', n::text, '' FROM generate_series(1, 1000) n`,
  );
  held = await lock(fixture.worker, dataset.id);
});
after(async () => {
  await pool?.end();
  await fixture.close();
});

async function* textOf(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

interface Options {
  readonly lines?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  readonly tries?: number;
  readonly beforeCommit?: () => Promise<unknown>;
}

/** Restores two quads, and unlocks the dataset. */
function restore(options: Options = {}): Promise<Restored> {
  const request = {
    ...held,
    lines: options.lines ?? textOf('<s:new> <s:p> "1" .\n<s:new> <s:p> "2" <s:g> .\n'),
    onQuads: () => undefined,
    sessionName: 'restoring',
    signal: options.signal ?? new AbortController().signal,
    ...{ truncateTimeoutMs: 100, truncateTries: options.tries ?? 2 },
  };
  return restoreDataset(pool, request, async (client, restored) => {
    await options.beforeCommit?.();
    await unlockDataset(client, held);
    return restored;
  });
}

const swapped = { quads: 2, previousQuads: 1_000, method: 'swap' } as const;
const copied = { ...swapped, method: 'copy' } as const;

async function count(): Promise<{ old: number; new: number }> {
  const { rows } = await fixture.admin.query(
    `SELECT count(*) FILTER (WHERE subject = '<s:old>')::int AS old,
            count(*) FILTER (WHERE subject = '<s:new>')::int AS new FROM ${table}`,
  );
  return rows[0];
}

/** Everything of a table that the catalog has, without its own name and number. */
async function catalog(datasetId: number): Promise<string> {
  const { rows } = await fixture.admin.query(
    `SELECT c.relname, c.relpersistence, c.relreplident, c.relowner::regrole, c.relhastriggers, c.reloptions,
            (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(c.relacl) AS acl) AS acl,
            ARRAY(SELECT (attname, attnum, atttypid::regtype, attnotnull, attstorage, attcompression, attcollation,
                          pg_get_expr(d.adbin, d.adrelid))::text
                  FROM pg_attribute LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
                  WHERE attrelid = c.oid AND attnum > 0 ORDER BY attnum) AS columns,
            ARRAY(SELECT (conname, contype, pg_get_constraintdef(n.oid))::text FROM pg_constraint n
                  WHERE conrelid = c.oid ORDER BY conname) AS constraints,
            ARRAY(SELECT (pg_get_triggerdef(t.oid), tgenabled)::text FROM pg_trigger t WHERE tgrelid = c.oid) AS triggers
     FROM pg_class c WHERE c.oid = $1::regclass`,
    [quadsTable(datasetId)],
  );
  return JSON.stringify(rows).replaceAll(
    new RegExp(`_${datasetId}\\b|_${datasetId}_|\\('${datasetId}'\\)`, 'g'),
    '_N_',
  );
}

const left = async (): Promise<number> =>
  (await fixture.admin.query("SELECT FROM pg_class WHERE relname LIKE 'restored%'")).rows.length;

test('the new table is like that of a new dataset, and the guard is on it', async () => {
  const other = await fixture.addDataset();
  assert.deepEqual(await restore(), swapped);
  assert.deepEqual(await count(), { old: 0, new: 2 });
  assert.equal(await catalog(held.datasetId), await catalog(other.id));
  assert.equal(await left(), 0);
  const again = await lock(fixture.worker, held.datasetId);
  assert.equal(await stateOf(fixture.admin.query(`DELETE FROM ${table}`)), '25006');
  await unlock(fixture.worker, again);
  await fixture.admin.query(`INSERT INTO ${table} VALUES ('a', 'b', 'c')`);
});

test('what others were granted on the table goes on to hold', async () => {
  await fixture.admin.query(
    `GRANT INSERT ON ${table} TO kasabi_api; GRANT SELECT ON ${table} TO kasabi_status WITH GRANT OPTION`,
  );
  const before = await catalog(held.datasetId);
  assert.deepEqual(await restore(), swapped);
  assert.equal(await catalog(held.datasetId), before);
});

test('a reader who stays makes the rows be replaced beside it, and sees the old ones', async () => {
  await onConnection(fixture, async (reader) => {
    const seen = `SELECT count(*)::int AS n FROM ${table}`;
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    assert.equal((await reader.query(seen)).rows[0].n, 1_000);
    assert.deepEqual(await restore(), copied);
    assert.equal((await reader.query(seen)).rows[0].n, 1_000);
  });
  assert.deepEqual(await count(), { old: 0, new: 2 });
  assert.equal(await left(), 0);
});

test('a reader whose snapshot is older than the swap sees the new rows, not an empty table', async () => {
  await onConnection(fixture, async (reader) => {
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM kasabi.dataset');
    assert.deepEqual(await restore(), swapped);
    const { rows } = await reader.query(`SELECT count(*)::int AS n FROM ${table}`);
    assert.equal(rows[0].n, 2);
  });
});

test('readers and writers that wait for the swap, with prepared statements too, find the new table', async () => {
  await onConnection(fixture, async (reader) => {
    const prepared = { name: 'seen', text: `SELECT count(*)::int AS n FROM ${table}` };
    await reader.query(prepared);
    await onConnection(fixture, async (writer) => {
      const waiting = async (client: { processID?: number }): Promise<boolean> => {
        const { rows } = await fixture.admin.query(
          'SELECT FROM pg_locks WHERE pid = $1 AND NOT granted',
          [client.processID],
        );
        return rows.length > 0;
      };
      let results: Promise<unknown[]> | undefined;
      const beforeCommit = async (): Promise<void> => {
        results = Promise.all([
          reader.query(prepared),
          writer.query(`INSERT INTO ${table} VALUES ('<s:new>', 'p', 'o')`),
        ]);
        for (const client of [reader, writer]) {
          await waitFor(() => waiting(client as never), { what: 'it to wait' });
        }
      };
      assert.deepEqual(await restore({ beforeCommit }), swapped);
      const [read] = (await results) as [{ rows: { n: number }[] }];
      assert.ok([2, 3].includes(read.rows[0]?.n ?? 0));
    });
  });
  assert.deepEqual(await count(), { old: 0, new: 3 });
});

for (const [what, sql, undo] of [
  ['an index', (it: string) => `CREATE INDEX mine ON ${it} (subject)`, 'DROP INDEX store.mine'],
  [
    'a view',
    (it: string) => `CREATE VIEW store.mine AS SELECT * FROM ${it}`,
    'DROP VIEW store.mine',
  ],
  [
    'a publication',
    (it: string) => `CREATE PUBLICATION mine FOR TABLE ${it}`,
    'DROP PUBLICATION mine',
  ],
  ['a publication of all', () => 'CREATE PUBLICATION mine FOR ALL TABLES', 'DROP PUBLICATION mine'],
  ['a grant on a column', (it: string) => `GRANT SELECT (graph) ON ${it} TO kasabi_api`, undefined],
] as const) {
  test(`a table with ${what} keeps it, because its rows are replaced`, async () => {
    await fixture.admin.query(sql(table));
    const oid = `SELECT '${table}'::regclass::oid AS oid`;
    const before = await fixture.admin.query(oid);
    try {
      assert.deepEqual(await restore(), copied);
    } finally {
      if (undo !== undefined) await fixture.admin.query(undo);
    }
    assert.deepEqual((await fixture.admin.query(oid)).rows, before.rows);
    assert.deepEqual(await count(), { old: 0, new: 2 });
  });
}

test('without the lock, or with that of another attempt, nothing happens', async () => {
  const stolen = held;
  const current = await lock(fixture.worker, stolen.datasetId);
  await assert.rejects(restore(), FencedOut);
  held = { ...current, secret: stolen.secret };
  await assert.rejects(restore(), FencedOut);
  // Taken over while the lines come.
  held = current;
  async function* lines(): AsyncGenerator<Uint8Array> {
    yield* textOf('<s:new> <s:p> "1" .\n');
    await lock(fixture.admin, stolen.datasetId);
  }
  await assert.rejects(restore({ lines: lines() }), FencedOut);
  assert.deepEqual(await count(), { old: 1_000, new: 0 });
  assert.equal(await left(), 0);
});

test('the worker may call the functions for the lock that it holds, and not otherwise', async () => {
  const { datasetId, fence } = held;
  const call = (name: string) => `SELECT kasabi.${name}(${datasetId}, ${fence})`;
  for (const name of ['swap_restored', 'copy_restored']) {
    assert.equal(await stateOf(fixture.worker.query(call(name))), '25006');
    assert.equal(await stateOf(fixture.api.query(call(name))), '42501');
  }
  const insert = `INSERT INTO ${table} VALUES ('a', 'b', 'c')`;
  assert.equal(await stateOf(fixture.worker.query(insert)), '42501');
  await unlock(fixture.worker, held);
  assert.equal(await stateOf(fixture.worker.query(call('swap_restored'))), '25006');
});

test('lines that break off, or are aborted, leave everything as it was', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield* textOf('<s:new> <s:p> "1" .\n');
    throw new Error('the file is damaged');
  }
  await assert.rejects(restore({ lines: failing() }), /the file is damaged/);
  const over = new AbortController();
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield* textOf('<s:new> <s:p> "1" .\n');
    setTimeout(() => over.abort(new Error('cancelled')), 50);
    await sleep(60_000, undefined, { signal: over.signal });
  }
  await assert.rejects(restore({ lines: endless(), signal: over.signal }), /cancelled/);
  assert.deepEqual(await count(), { old: 1_000, new: 0 });
  assert.equal(await left(), 0);
});
