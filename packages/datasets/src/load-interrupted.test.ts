// What keeps a load from its end: a lock, an abort, a connection that breaks. Then nothing is loaded.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { withTransaction } from '@kasabi/postgres';
import { waitFor } from '@kasabi/test/support';
import { type Loads, startLoads } from '../test/loads.ts';
import { countQuads } from './count.ts';
import { DatasetReadOnly } from './load-errors.ts';
import { lockDataset } from './lock.ts';
import { LOCK_CLASS, quadsTable } from './tables.ts';

let loads: Loads;

before(async () => {
  loads = await startLoads();
});
after(() => loads?.close());

const line = '<http://e.org/s> <http://e.org/p> "o" .\n';

test('a locked dataset refuses a load of any size, and says why', async () => {
  const { code, id } = await loads.dataset();
  await withTransaction(loads.pool, (client) =>
    lockDataset(client, { datasetId: id, jobId: randomUUID(), timeoutMs: 1_000 }),
  );
  const long = loads.file('locked.nq', line.repeat(200_000));
  for (const source of [long, loads.file('short.nq', line), loads.file('none.nq', '')]) {
    await assert.rejects(loads.load(code, source), (error: DatasetReadOnly) => {
      assert.ok(error instanceof DatasetReadOnly, String(error));
      assert.equal(error.code, 'dataset-read-only');
      return /read-only while a job runs on it/.test(error.message);
    });
  }
  assert.equal(await countQuads(loads.pool, code), 0);
});

test('an aborted load loads nothing and leaves its connection usable', async () => {
  const { code } = await loads.dataset();
  const source = loads.file('abort.nq', line.repeat(200_000));
  const controller = new AbortController();
  const loading = loads.load(code, source, {
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await assert.rejects(loading, { name: 'AbortError' });
  const aborted = loads.load(code, source, { signal: AbortSignal.abort() });
  await assert.rejects(aborted, { name: 'AbortError' });
  assert.equal(await countQuads(loads.pool, code), 0);
});

test('a load that waits for a lock can be aborted', { timeout: 10_000 }, async () => {
  const { code, id } = await loads.dataset();
  const controller = new AbortController();
  await withTransaction(loads.pool, async (locker) => {
    await locker.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, id]);
    const source = loads.file('waits.nq', line);
    const loading = loads.load(code, source, { signal: controller.signal });
    loading.catch(() => undefined);
    const look = copying(id, "AND wait_event_type = 'Lock'");
    await waitFor(async () => (await look()) !== undefined, { what: 'the load to wait' });
    controller.abort();
    await assert.rejects(loading, { name: 'AbortError' });
  });
  assert.equal(await countQuads(loads.pool, code), 0);
});

test('a load whose connection breaks fails, and nothing is loaded', async () => {
  const { code, id } = await loads.dataset();
  const source = loads.file('breaks.nq', line.repeat(500_000));
  const loading = loads.load(code, source);
  loading.catch(() => undefined);
  const pid = await waitFor(copying(id), { what: 'the load to copy' });
  await loads.database.pool().query('SELECT pg_terminate_backend($1)', [pid]);
  await assert.rejects(loading);
  assert.equal(await countQuads(loads.pool, code), 0);
});

/** Finds the server process that copies into a dataset; only a superuser sees other sessions' statements. */
function copying(datasetId: number, condition = ''): () => Promise<number | undefined> {
  const text = `SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'COPY ${quadsTable(datasetId)} %' AND state = 'active' ${condition}`;
  return async () => (await loads.database.pool().query<{ pid: number }>(text)).rows[0]?.pid;
}
