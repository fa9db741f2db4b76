import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dataset, getDataset, lockDataset, quadsTable } from '@kasabi/datasets';
import { createPool, roleUrl, withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import type pg from 'pg';
import type { Claim } from './claim.ts';
import { confirmLease } from './confirm-lease.ts';
import { LeaseLost } from './errors.ts';
import { fail } from './fail.ts';
import { rescue } from './rescue.ts';
import { retry } from './retry.ts';

let fixture: Fixture;
/** A round that waits for somebody fails. */
let rescuers: pg.Pool;

before(async () => {
  fixture = await createFixture();
  rescuers = createPool({
    url: roleUrl(fixture.database.url, 'worker'),
    applicationName: 'rescue-test',
    statementTimeoutMs: 2_000,
    onIdleError: () => undefined,
  });
});

after(async () => {
  await rescuers.end();
  await fixture.close();
});

interface Lost {
  readonly dataset: Dataset;
  readonly held: Claim;
}

/** A job that has locked its dataset and whose lease is over. */
async function lose(): Promise<Lost> {
  const dataset = await fixture.addDataset();
  const held = await fixture.take(await fixture.accept(dataset), { holder: 'lost', leaseMs: 0 });
  await withTransaction(fixture.worker, (client) => lockFor(client, { dataset, held }));
  return { dataset, held };
}

async function lockFor(client: Parameters<typeof lockDataset>[0], { dataset, held }: Lost) {
  const request = { datasetId: dataset.id, jobId: held.jobId, timeoutMs: 1_000 };
  await lockDataset(client, request);
  await confirmLease(client, held);
}

const round = (options: { readonly maxAttempts?: number; readonly limit?: number } = {}) =>
  rescue(rescuers, { maxAttempts: 5, limit: 100, ...options });

const mode = async (lost: Lost): Promise<string> =>
  (await getDataset(fixture.admin, lost.dataset.code)).storageMode;

test('a lost job is due at once again, its dataset is free, its worker is shut out', async () => {
  const lost = await lose();
  const { jobId, datasetId } = lost.held;
  assert.deepEqual(await round(), [
    {
      jobId,
      datasetId,
      dataset: lost.dataset.code,
      type: 'reset',
      status: 'scheduled',
      attempt: 1,
      lostHolder: 'lost',
    },
  ]);
  assert.equal(await mode(lost), 'read-write');
  const record = await fixture.read(jobId);
  assert.deepEqual([record['attempt'], record['fence'], record['enqueued_at']], [1, null, null]);
  assert.match(String(record['message']), /Attempt 1 was lost/);
  assert.ok((record['due'] as Date) <= new Date());
  await assert.rejects(
    fail(fixture.worker, lost.held, { reason: 'error', message: 'no' }),
    LeaseLost,
  );
  assert.equal((await fixture.take(jobId)).attempt, 2);
});

test('too many lost: the job fails with a message and an end time; the dataset is free', async () => {
  const lost = await lose();
  const [rescued] = await round({ maxAttempts: 1 });
  assert.equal(rescued?.status, 'failed');
  assert.equal(await mode(lost), 'read-write');
  const record = await fixture.read(lost.held.jobId);
  assert.ok(record['end_time'] instanceof Date);
  assert.match(String(record['message']), /Attempt 1 was lost.* 1 times.*Ask for it again\./);
  assert.deepEqual([record['reason'], record['lost']], ['lost', 1]);
});

test('attempts that ended in order are none of the lost ones', async () => {
  const dataset = await fixture.addDataset();
  const jobId = await fixture.accept(dataset);
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const held = await fixture.take(jobId);
    await retry(fixture.worker, held, { delayMs: 0, message: 'again', busy: true });
  }
  for (const [lost, status] of [
    [1, 'scheduled'],
    [2, 'failed'],
  ] as const) {
    await fixture.take(jobId, { holder: 'lost', leaseMs: 0 });
    const [rescued] = await round({ maxAttempts: 2 });
    assert.deepEqual([rescued?.status, rescued?.attempt], [status, 3 + lost]);
    const record = await fixture.read(jobId);
    assert.deepEqual([record['lost'], record['busy_since']], [lost, null]);
  }
});

test('a worker that wakes after the rescue cannot lock for the job', async () => {
  const lost = await lose();
  await round();
  await assert.rejects(
    withTransaction(fixture.worker, (client) => lockFor(client, lost)),
    LeaseLost,
  );
  assert.equal(await mode(lost), 'read-write');
  assert.equal((await getDataset(fixture.admin, lost.dataset.code)).fence, 1);
});

test('the lock of a later job is not taken from it', async () => {
  const lost = await lose();
  const takeover = { datasetId: lost.dataset.id, jobId: crypto.randomUUID(), timeoutMs: 1_000 };
  await withTransaction(fixture.worker, (client) => lockDataset(client, takeover));
  assert.equal((await round()).length, 1);
  assert.equal(await mode(lost), 'read-only');
  assert.equal((await getDataset(fixture.admin, lost.dataset.code)).lockedBy, takeover.jobId);
});

test('a frozen transaction that holds the registry row is stepped over, not waited for', async () => {
  const [frozen, other] = [await lose(), await lose()];
  const client = await fixture.admin.connect();
  try {
    await client.query('BEGIN');
    // What the guard of the clearing transaction holds.
    await client.query('SELECT FROM kasabi.dataset WHERE id = $1 FOR SHARE', [frozen.dataset.id]);
    const begun = performance.now();
    assert.deepEqual(
      (await round()).map((it) => it.jobId),
      [other.held.jobId],
    );
    assert.ok(performance.now() - begun < 1_000);
    assert.equal((await fixture.read(frozen.held.jobId))['status'], 'running');
    await client.query('ROLLBACK');
  } finally {
    client.release();
  }
  assert.deepEqual(
    (await round()).map((it) => it.jobId),
    [frozen.held.jobId],
  );
});

test('a job whose worker was lost before its lock is rescued while others write', async () => {
  const dataset = await fixture.addDataset();
  const jobId = await fixture.accept(dataset);
  await fixture.take(jobId, { holder: 'lost', leaseMs: 0 });
  // A load that takes an hour: its guard holds the registry row until it commits.
  const writer = await fixture.admin.connect();
  try {
    await writer.query('BEGIN');
    await writer.query(`INSERT INTO ${quadsTable(dataset.id)} VALUES ('s', 'p', 'o')`);
    assert.deepEqual(
      (await round()).map((it) => it.jobId),
      [jobId],
    );
    await writer.query('COMMIT');
  } finally {
    writer.release();
  }
});

test('a worker that is completing the job at this moment keeps it', async () => {
  const lost = await lose();
  const client = await fixture.admin.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `UPDATE kasabi.job SET status = 'completed', end_time = clock_timestamp(),
              lease_holder = NULL, lease_expires = NULL WHERE id = $1`,
      [lost.held.jobId],
    );
    assert.deepEqual(await round(), []);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  assert.deepEqual(await round(), []);
  assert.equal((await fixture.read(lost.held.jobId))['status'], 'completed');
});

test('at most the limit is taken, the longest lost first; rescuers share the rest', async () => {
  const all: Lost[] = [];
  for (let n = 0; n < 12; n += 1) all.push(await lose());
  const ids = all.map((it) => it.held.jobId);
  assert.deepEqual(
    (await round({ limit: 2 })).map((it) => it.jobId).sort(),
    ids.slice(0, 2).sort(),
  );
  const rounds = await Promise.all(Array.from({ length: 4 }, () => round({ limit: 10 })));
  const rescued = rounds.flat().map((it) => it.jobId);
  const left = (await round()).map((it) => it.jobId);
  assert.deepEqual([...rescued, ...left].sort(), ids.slice(2).sort(), 'each once');
  for (const lost of all) assert.equal(await mode(lost), 'read-write');
});
