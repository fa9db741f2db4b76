import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dataset, quadsTable } from '@kasabi/datasets';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import pg from 'pg';
import { datasetOf, postJob, waitForJob } from './support/stack-jobs.ts';

const truncateTimeoutMs = 300;
const readerStaysMs = 5_000;

let stack: TestStack;
let dataset: Dataset;

before(async () => {
  const limits = {
    TRUNCATE_TIMEOUT_MS: String(truncateTimeoutMs),
    TRUNCATE_TRIES: '3',
    TRUNCATE_FROM_BYTES: '0',
  };
  stack = await startStack({ serviceEnv: { worker: { ...limits, LOG_LEVEL: 'debug' } } });
  dataset = await datasetOf(stack);
});

after(async () => {
  await stack.stop();
});

/** Reads the dataset on a new connection each time, as other readers would, until stopped. */
function startReader(): { readonly latencies: number[]; stop(): Promise<void> } {
  const latencies: number[] = [];
  let stopped = false;
  const running = (async () => {
    const client = new pg.Client({ connectionString: stack.database.url });
    await client.connect();
    try {
      while (!stopped) {
        const begun = performance.now();
        await client.query(`SELECT count(*) FROM ${quadsTable(dataset.id)}`);
        latencies.push(performance.now() - begun);
        await sleep(5);
      }
    } finally {
      await client.end();
    }
  })();
  return {
    latencies,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

test('a reader that keeps the table open delays neither the reset nor other readers', async () => {
  const table = quadsTable(dataset.id);
  await stack.database
    .pool()
    .query(`INSERT INTO ${table} SELECT n::text, 'p', 'o' FROM generate_series(1, 5000) n`);
  const stays = new pg.Client({ connectionString: stack.database.url });
  await stays.connect();
  const others = [startReader(), startReader(), startReader()];
  try {
    await stays.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const held = await stays.query(`SELECT count(*)::int AS count FROM ${table}`);
    const begun = performance.now();
    const until = sleep(readerStaysMs);
    await waitFor(() => others.every((it) => it.latencies.length > 0), { what: 'the readers' });

    const job = await waitForJob(stack, await postJob(stack));
    const took = performance.now() - begun;
    assert.equal(job.status, 'completed');
    assert.ok(took < 3 * truncateTimeoutMs + 1_500, `the reset took ${took} ms`);
    assert.ok(took < readerStaysMs, 'while the reader was there');

    const again = await stays.query(`SELECT count(*)::int AS count FROM ${table}`);
    assert.deepEqual(again.rows, held.rows, 'the reader has what it began with');
    await until;
    await stays.query('COMMIT');
  } finally {
    await stays.end();
    for (const other of others) await other.stop();
  }
  const latencies = others.flatMap((it) => it.latencies);
  const longest = Math.max(...latencies);
  assert.ok(longest < truncateTimeoutMs + 300, `a reader waited ${longest} ms`);
  assert.ok(longest > truncateTimeoutMs / 2, 'no TRUNCATE was ever in the way: nothing was tested');
  assert.ok(methods().includes('delete'), methods().join());
  const { rows } = await stack.database.pool().query(`SELECT count(*)::int AS count FROM ${table}`);
  assert.deepEqual(rows, [{ count: 0 }]);
});

test('without such a reader it is a TRUNCATE', async () => {
  const before = methods().length;
  assert.equal((await waitForJob(stack, await postJob(stack))).status, 'completed');
  // The log comes a moment later.
  await waitFor(() => methods().length > before, { what: 'the line of the log' });
  assert.deepEqual(methods().slice(before), ['truncate']);
});

/** How the worker cleared, reset by reset, as its log says. */
function methods(): string[] {
  return (stack.workers[0]?.logs ?? []).flatMap((line) => {
    const { method } = line.startsWith('{') ? JSON.parse(line) : {};
    return typeof method === 'string' && method !== 'GET' ? [method] : [];
  });
}
