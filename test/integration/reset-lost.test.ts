import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type Dataset, getDataset, quadsTable } from '@kasabi/datasets';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import pg from 'pg';
import { datasetOf, getJob, postJob, readJob, waitForJob } from './support/stack-jobs.ts';

const leaseMs = 2_000;

let stack: TestStack;
let dataset: Dataset;
/** Holds the jobs up where a test wants them. */
let obstacle: pg.Client;

beforeEach(async () => {
  stack = await startStack({
    serviceEnv: {
      worker: {
        ...{ LEASE_MS: String(leaseMs), RELAY_INTERVAL_MS: '200', RESCUER_INTERVAL_MS: '200' },
        ...{ TRUNCATE_TIMEOUT_MS: '100', LOG_LEVEL: 'debug' },
      },
    },
  });
  dataset = await datasetOf(stack);
  obstacle = new pg.Client({ connectionString: stack.database.url });
  await obstacle.connect();
});

afterEach(async () => {
  await obstacle.end();
  await stack.stop();
});

const table = (): string => quadsTable(dataset.id);
const insert = (subject: string): string =>
  `INSERT INTO ${table()} VALUES ('${subject}', 'p', 'o')`;
const mode = async (): Promise<string> =>
  (await getDataset(stack.database.pool(), dataset.code)).storageMode;

async function subjects(): Promise<string[]> {
  const { rows } = await stack.database
    .pool()
    .query<{ subject: string }>(`SELECT subject FROM ${table()} ORDER BY subject`);
  return rows.map((row) => row.subject);
}

/** Brings a job to where it has the lease and waits for its lock: a writer is in flight. */
async function stopBeforeLock(): Promise<string> {
  await obstacle.query('BEGIN');
  await obstacle.query(insert('in flight'));
  const jobId = await postJob(stack);
  await waitFor(async () => (await getJob(stack, jobId)).status === 'running', {
    what: 'the claim',
  });
  return jobId;
}

/** Brings a job to where it has locked and cannot clear: an index is being made. */
async function stopBeforeClear(): Promise<string> {
  await stack.database.pool().query(insert('old'));
  await obstacle.query('BEGIN');
  await obstacle.query(`LOCK TABLE ${table()} IN SHARE MODE`);
  const jobId = await postJob(stack);
  await waitFor(async () => (await mode()) === 'read-only', { what: 'the lock' });
  return jobId;
}

test('killed while it waits for its lock: another takes the job up within twice the lease', async () => {
  const jobId = await stopBeforeLock();
  await stack.addWorker();
  const begun = performance.now();
  await stack.workers[0]?.kill();
  // The writer stays: a long load must not keep a lost job from being found.
  await waitFor(async () => (await readJob(stack, jobId))['attempt'] === 2, {
    what: 'the second attempt',
    timeoutMs: 2 * leaseMs,
  });
  assert.ok(performance.now() - begun < 2 * leaseMs);
  await obstacle.query('COMMIT');
  const job = await waitForJob(stack, jobId);
  assert.deepEqual([job.status, job.attempt, await mode()], ['completed', 2, 'read-write']);
  assert.deepEqual(await subjects(), []);
});

test('killed after its lock: unlocked and finished by another within twice the lease', async () => {
  const jobId = await stopBeforeClear();
  await stack.addWorker();
  const begun = performance.now();
  await stack.workers[0]?.kill();
  await obstacle.query('ROLLBACK');
  const job = await waitForJob(stack, jobId, 2 * leaseMs);
  assert.ok(performance.now() - begun < 2 * leaseMs);
  assert.deepEqual([job.status, job.attempt, await mode()], ['completed', 2, 'read-write']);
  assert.deepEqual(await subjects(), []);
});

test('killed with no other worker left: the next to start unlocks and finishes', async () => {
  const jobId = await stopBeforeClear();
  await stack.workers[0]?.kill();
  await obstacle.query('ROLLBACK');
  await stack.addWorker();
  const job = await waitForJob(stack, jobId);
  assert.deepEqual([job.status, job.attempt, await mode()], ['completed', 2, 'read-write']);
});

test('frozen after its lock and thawed when all is over: it deletes nothing written since', async () => {
  const jobId = await stopBeforeClear();
  const frozen = stack.workers[0];
  assert.ok(frozen);
  await stack.addWorker();
  process.kill(frozen.pid, 'SIGSTOP');
  try {
    await obstacle.query('ROLLBACK');
    const job = await waitForJob(stack, jobId);
    assert.deepEqual([job.status, job.attempt], ['completed', 2]);
    await stack.database.pool().query(insert('new'));
  } finally {
    process.kill(frozen.pid, 'SIGCONT');
  }
  // It is itself again when it runs a job of its own accord; by then it has dropped the old one.
  await waitFor(() => frozen.logs.some((line) => /dropped|lease lost/.test(line)), {
    what: 'the thawed worker to drop the job',
  });
  const { attempt, status } = await getJob(stack, jobId);
  assert.deepEqual([attempt, status], [2, 'completed']);
  assert.deepEqual([await subjects(), await mode()], [['new'], 'read-write']);
});

test('a worker survives the loss of its connections in the middle of a job, which is tried again', async () => {
  const jobId = await stopBeforeClear();
  const { rowCount } = await stack.database.pool().query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'kasabi-worker%'`,
  );
  assert.ok((rowCount ?? 0) > 0);
  await obstacle.query('ROLLBACK');
  const job = await waitForJob(stack, jobId);
  assert.equal(job.status, 'completed');
  assert.equal(await mode(), 'read-write');
  assert.ok(await fetch(`${stack.workers[0]?.url}/healthz`), 'the same process goes on');
});
