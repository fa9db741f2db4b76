import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { quadsTable } from '@kasabi/datasets';
import { startStack, type TestService, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, submitForm, untilEnded } from '@kasabi/test/support/client';
import type pg from 'pg';

// A worker that is killed, or stands still, in the middle of a restore: nothing of it is to be seen, and another
// attempt completes.

let stack: TestStack;
let admin: pg.Pool;
let table: string;
let source: string;
let worker: TestService;

before(async () => {
  stack = await startStack({
    serviceEnv: { worker: { LEASE_MS: '1500', RESCUER_INTERVAL_MS: '100' } },
  });
  admin = stack.database.pool();
  table = quadsTable(1);
  await admin.query(
    `INSERT INTO ${table} SELECT '<s:' || n || '>', '<s:p>', '"' || n || '"', '' FROM generate_series(1, 400000) n`,
  );
  const { text } = await submit({ jobType: 'export' });
  assert.equal((await untilEnded(text, stack.key, 60_000)).status, 'completed');
  source = text;
  worker = stack.workers[0] as TestService;
});
after(() => stack?.stop());

const submit = (parameters: Record<string, string>) =>
  submitForm(stack, parameters, { X_KASABI_APIKEY: stack.key });

async function begin(): Promise<string> {
  await admin.query(
    `TRUNCATE ${table}; INSERT INTO ${table} VALUES ('<s:old>', '<s:p>', '"old"', '')`,
  );
  return (await submit({ jobType: 'restore', source })).text;
}

const count = async (): Promise<number> =>
  (await admin.query(`SELECT count(*)::int AS quads FROM ${table}`)).rows[0].quads;

const left = async (): Promise<number> =>
  (await admin.query("SELECT FROM pg_class WHERE relname LIKE 'restored%'")).rows.length;

/** Waits until the job's session is at a statement, and waits for an event of this kind there, if one is given. */
const untilAt = (statement: string, event: string | null = null) =>
  waitFor(
    async () => {
      const { rows } = await admin.query(
        `SELECT FROM pg_stat_activity WHERE application_name LIKE 'kasabi-worker-copy %'
         AND query LIKE $1 AND ($2::text IS NULL OR wait_event_type = $2)`,
        [`%${statement}%`, event],
      );
      return rows.length > 0;
    },
    { what: `the restore to be at ${statement}`, timeoutMs: 30_000 },
  );

/** Begins a restore that has swapped the table and waits with its record's end, which the holder's transaction keeps up. */
async function beginAndSwap(holder: pg.PoolClient): Promise<string> {
  const url = await begin();
  await untilAt('COPY store.restored');
  await holder.query('BEGIN');
  await holder.query('SELECT FROM kasabi.job WHERE id = $1 FOR UPDATE', [url.split('/').at(-1)]);
  await untilAt("SET status = 'completed'", 'Lock');
  return url;
}

async function completes(url: string): Promise<void> {
  const job = await untilEnded(url, stack.key, 60_000);
  assert.deepEqual([job.status, job.attempt], ['completed', 2], job.message ?? '');
  assert.equal(await count(), 400_000);
  assert.equal(await left(), 0);
  const { text } = await ask(`${stack.statusUrl}/dataset/${stack.dataset}/status`);
  assert.equal(JSON.parse(text).storageMode, 'read-write');
}

test('a worker that is killed while it loads leaves nothing, and another one restores', async () => {
  const url = await begin();
  await untilAt('COPY store.restored');
  await worker.kill();
  assert.equal(await count(), 1);
  worker = await stack.addWorker({});
  await completes(url);
});

test('a worker that is frozen while it loads loses its session, and another one restores', async () => {
  const url = await begin();
  await untilAt('COPY store.restored');
  process.kill(worker.pid, 'SIGSTOP');
  const other = await stack.addWorker({});
  try {
    await completes(url);
  } finally {
    process.kill(worker.pid, 'SIGCONT');
    await worker.kill();
    worker = other;
  }
  assert.equal(await count(), 400_000);
});

test('a worker that is killed in the swap leaves the old quads, and another one restores', async () => {
  const holder = await admin.connect();
  try {
    const url = await beginAndSwap(holder);
    await worker.kill();
    await holder.query('ROLLBACK');
    assert.equal(await count(), 1);
    worker = await stack.addWorker({});
    await completes(url);
  } finally {
    holder.release(true);
  }
});

test('a restore that is cancelled in the swap is undone, and its dataset unlocked', async () => {
  const holder = await admin.connect();
  try {
    const url = await beginAndSwap(holder);
    // Ahead of the record's end, in its place: the registry row is held by the swap.
    await holder.query(
      `SELECT kasabi.cancel_job($1, 'the owner', 'owner key 1', ARRAY['export', 'restore'])`,
      [url.split('/').at(-1)],
    );
    await holder.query('COMMIT');
    const job = await untilEnded(url, stack.key);
    assert.deepEqual([job.status, job.reason], ['failed', 'cancelled']);
    await waitFor(
      async () => {
        const { text } = await ask(`${stack.statusUrl}/dataset/${stack.dataset}/status`);
        return JSON.parse(text).storageMode === 'read-write';
      },
      { what: 'the dataset to be unlocked' },
    );
    assert.equal(await count(), 1);
    assert.equal(await left(), 0);
  } finally {
    holder.release(true);
  }
});
