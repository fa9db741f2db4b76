import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dataset, getDataset, quadsTable } from '@kasabi/datasets';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import type { Fixture } from '@kasabi/test/support/fixture';
import { isolationLevels } from '@kasabi/test/support/store';
import pg from 'pg';
import { type Contents, checkHistory, readContents } from './support/history.ts';
import { datasetOf, postJob, readJob, waitForJob } from './support/stack-jobs.ts';
import { startWriters } from './support/writers.ts';

let stack: TestStack;
let dataset: Dataset;

before(async () => {
  stack = await startStack({
    workers: 2,
    serviceEnv: { worker: { LOCK_TIMEOUT_MS: '400', MAX_ATTEMPTS: '3', RETRY_HOURS: '0' } },
  });
  dataset = await datasetOf(stack);
});

after(async () => {
  await stack.stop();
});

async function withIdleWriter(work: (writer: pg.Client) => Promise<void>): Promise<void> {
  const writer = new pg.Client({
    connectionString: stack.database.url,
    application_name: 'a forgotten load',
  });
  await writer.connect();
  try {
    await writer.query('BEGIN');
    await writer.query(`INSERT INTO ${quadsTable(dataset.id)} VALUES ('idle', 'p', 'o')`);
    await work(writer);
  } finally {
    await writer.end();
  }
}

test('behind a writer that idles in its transaction the lock gives up, lets others write, and is retried', async () => {
  await withIdleWriter(async (writer) => {
    const jobId = await postJob(stack);
    const waits: number[] = [];
    await waitFor(
      async () => {
        const begun = performance.now();
        await stack.database
          .pool()
          .query(`INSERT INTO ${quadsTable(dataset.id)} VALUES ('other', 'p', 'o')`);
        waits.push(performance.now() - begun);
        const { attempt, status } = await readJob(stack, jobId);
        return attempt === 1 && status === 'scheduled';
      },
      { what: 'the first attempt to give up', everyMs: 1 },
    );
    assert.ok(Math.max(...waits) < 400 + 600, `a writer waited ${Math.max(...waits)} ms`);
    assert.ok(Math.max(...waits) > 100, 'no writer met the lock request: nothing was tested');
    assert.equal((await getDataset(stack.database.pool(), dataset.code)).storageMode, 'read-write');
    await writer.query('COMMIT');
    const job = await waitForJob(stack, jobId);
    assert.deepEqual([job.status, job.attempt], ['completed', 2]);
  });
  assert.deepEqual((await readContents(stack.database.pool(), dataset)).subjects, []);
});

test('when the writer stays, the job fails with a message its owner can act on', async () => {
  await withIdleWriter(async (writer) => {
    const job = await waitForJob(stack, await postJob(stack));
    assert.deepEqual([job.status, job.attempt], ['failed', 3]);
    assert.equal(job.reason, 'busy');
    assert.match(job.message ?? '', /kept the dataset busy for \d+ seconds.*Nothing was changed/);
    const { rows } = await stack.database
      .pool()
      .query<{ event: string; message: string }>(
        `SELECT event, message FROM kasabi.job_transition WHERE event IN ('retry', 'fail') ORDER BY at DESC LIMIT 3`,
      );
    assert.deepEqual(
      rows.map(({ event }) => event),
      ['fail', 'retry', 'retry'],
    );
    for (const { message } of rows) {
      assert.match(
        message,
        /Blocked by: process \d+ \(a forgotten load\) of \w+, in a transaction since \d{4}-\S+Z, idle in transaction since /,
      );
    }
    assert.doesNotMatch(job.message ?? '', /forgotten|process/, 'that is for operators alone');
    await writer.query('COMMIT');
  });
  const contents = await readContents(stack.database.pool(), dataset);
  assert.equal(contents.storageMode, 'read-write');
  assert.ok(contents.subjects.includes('idle'));
});

test('resets over HTTP beside writers at every level: each ends, none deletes what came after it', async () => {
  await waitForJob(stack, await postJob(stack));
  const fixture = { database: stack.database, admin: stack.database.pool() } as Fixture;
  const writers = startWriters(fixture, dataset, {
    levels: isolationLevels,
    perLevel: 1,
    // Where a load belongs is known only to who looks at every fence, as reset-writers.test.ts does.
    loads: 0,
  });
  const glimpses: Contents[] = [];
  try {
    for (let reset = 0; reset < 12; reset += 1) {
      const done = writers.committed.length;
      await waitFor(() => writers.committed.length > done + 12, { what: 'writes', everyMs: 5 });
      glimpses.push(await readContents(fixture.admin, dataset));
      assert.equal((await waitForJob(stack, await postJob(stack))).status, 'completed');
      glimpses.push(await readContents(fixture.admin, dataset));
    }
    const done = writers.committed.length;
    await waitFor(() => writers.committed.length > done + 12, { what: 'writes', everyMs: 5 });
  } finally {
    await writers.stop();
  }
  const last = await readContents(fixture.admin, dataset);
  const found = checkHistory(writers, { complete: [last], glimpses, everyFence: false });
  assert.ok(found >= 12 * 3, `only ${found} subjects`);
  assert.ok(glimpses.filter((it) => it.subjects.length > 0).length >= 12);
});

test('a job that was first tried within RETRY_HOURS is tried again, however often; then no more', async () => {
  const worker = await stack.addWorker({
    LOCK_TIMEOUT_MS: '200',
    MAX_ATTEMPTS: '2',
    RETRY_HOURS: '1',
  });
  for (const other of stack.workers.filter((it) => it !== worker)) await other.stop();
  await withIdleWriter(async () => {
    const jobId = await postJob(stack);
    const attempted = (count: number) =>
      waitFor(
        async () => {
          const job = await readJob(stack, jobId);
          return Number(job['attempt']) >= count && job['status'] !== 'running' ? job : undefined;
        },
        { what: `attempt ${count} to end`, everyMs: 20 },
      );
    const again = await attempted(3);
    assert.deepEqual([again['status'], again['reason']], ['scheduled', null]);
    const until = /It is retried automatically until (\S+Z)\.$/.exec(String(again['message']))?.[1];
    const aheadMs = Date.parse(until ?? '') - Date.now();
    assert.ok(aheadMs > 58 * 60_000 && aheadMs <= 60 * 60_000, String(again['message']));
    // An hour later.
    await stack.database.pool().query(
      `UPDATE kasabi.job SET created = created - interval '1 h', start_time = start_time - interval '1 h',
              started = started - interval '1 h' WHERE id = $1`,
      [jobId],
    );
    const ended = await waitForJob(stack, jobId);
    assert.deepEqual([ended.status, ended.reason], ['failed', 'busy']);
    assert.match(ended.message ?? '', /busy for 60 minutes.*ask again when they have finished/);
  });
});
