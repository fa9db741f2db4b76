import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dataset, getDataset, lockDataset } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import type { Claim } from './claim.ts';
import { complete } from './complete.ts';
import { confirmLease } from './confirm-lease.ts';
import { LeaseLost } from './errors.ts';
import { fail } from './fail.ts';
import { markEnqueued } from './mark-enqueued.ts';
import { release } from './release.ts';
import { retry } from './retry.ts';

let fixture: Fixture;
let dataset: Dataset;
let held: Claim;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

/** A job that runs and has locked its dataset. */
async function lock(): Promise<void> {
  dataset = await fixture.addDataset();
  const jobId = await fixture.accept(dataset);
  await markEnqueued(fixture.worker, [{ jobId, attempt: 0, due: 0 }]);
  held = await fixture.take(jobId);
  await withTransaction(fixture.worker, async (client) => {
    const lockRequest = { datasetId: dataset.id, jobId, timeoutMs: 1_000 };
    await lockDataset(client, lockRequest);
    await confirmLease(client, held);
  });
  assert.equal((await getDataset(fixture.admin, dataset.code)).storageMode, 'read-only');
}

async function assertUnlocked(): Promise<void> {
  const { storageMode, lockedBy, lockedAt, fence } = await getDataset(fixture.admin, dataset.code);
  assert.deepEqual([storageMode, lockedBy, lockedAt], ['read-write', null, null]);
  assert.equal(fence, 1, 'the fence stays, so that the next one is another');
}

/** The record without what differs from run to run. */
async function record(): Promise<Record<string, unknown>> {
  const { status, attempt, lease_holder, lease_expires, fence, message } = await fixture.read(
    held.jobId,
  );
  return { status, attempt, lease_holder, lease_expires, fence, message };
}

const noLease = { lease_holder: null, lease_expires: null };

test('retry: another attempt after the delay; this one counts; the dataset is free', async () => {
  await lock();
  await retry(fixture.worker, held, { delayMs: 30_000, message: 'again' });
  await assertUnlocked();
  const expected = { status: 'scheduled', attempt: 1, fence: null, message: 'again', ...noLease };
  assert.deepEqual(await record(), expected);
  const { rows } = await fixture.admin.query(
    `SELECT due - clock_timestamp() BETWEEN interval '20 s' AND interval '30 s' AS delayed,
            enqueued_at IS NOT NULL AS enqueued FROM kasabi.job WHERE id = $1`,
    [held.jobId],
  );
  assert.deepEqual(rows, [{ delayed: true, enqueued: true }]);
});

test('retry: since when the dataset is busy is kept while it is, and forgotten when it is not', async () => {
  await lock();
  const busySince = async () => (await fixture.read(held.jobId))['busy_since'] as Date | null;
  const again = async (busy: boolean): Promise<void> => {
    await retry(fixture.worker, held, { delayMs: 0, message: 'again', busy });
  };
  await again(true);
  const since = await busySince();
  assert.ok(since instanceof Date);
  for (const busy of [true, false]) {
    held = await fixture.take(held.jobId);
    assert.deepEqual(await busySince(), since);
    await again(busy);
    assert.deepEqual(await busySince(), busy ? since : null);
  }
});

test('release: due at once, the attempt does not count, for the relay to hand over', async () => {
  await lock();
  const { due } = await fixture.read(held.jobId);
  await release(fixture.worker, held);
  await assertUnlocked();
  const expected = { status: 'scheduled', attempt: 0, fence: null, message: null, ...noLease };
  assert.deepEqual(await record(), expected);
  const after = await fixture.read(held.jobId);
  assert.deepEqual([after['due'], after['enqueued_at']], [due, null]);
  assert.equal((await fixture.take(held.jobId)).attempt, 1);
});

test('fail: ended, with its message; the dataset is free', async () => {
  await lock();
  await fail(fixture.worker, held, { reason: 'busy', message: 'it cannot be' });
  await assertUnlocked();
  const expected = { status: 'failed', attempt: 1, fence: 1, message: 'it cannot be', ...noLease };
  assert.deepEqual(await record(), expected);
  const { end_time: ended, reason } = await fixture.read(held.jobId);
  assert.ok(ended instanceof Date);
  assert.equal(reason, 'busy');
});

test('complete ends the job at the time of the call, not of its transaction’s begin', async () => {
  await lock();
  const { rows } = await withTransaction(fixture.worker, async (client) => {
    await client.query('SELECT pg_sleep(0.05)');
    await complete(client, held);
    return client.query<{ late: boolean }>(
      `SELECT end_time >= now() + interval '50 ms' AS late FROM kasabi.job WHERE id = $1`,
      [held.jobId],
    );
  });
  assert.deepEqual(rows, [{ late: true }]);
});

const ends: Readonly<Record<string, () => Promise<unknown>>> = {
  retry: () => retry(fixture.worker, held, { delayMs: 0, message: 'again' }),
  release: () => release(fixture.worker, held),
  fail: () => fail(fixture.worker, held, { reason: 'error', message: 'no' }),
  complete: () => complete(fixture.worker, held),
};
for (const [name, end] of Object.entries(ends)) {
  test(`${name} by an attempt that lost the job changes neither record nor lock`, async () => {
    await lock();
    const claims = [
      { ...held, holder: 'someone else' },
      { ...held, attempt: held.attempt + 1 },
    ];
    for (const claim of claims) {
      held = claim;
      const [job, registry] = [await fixture.record(held.jobId), await registryRow()];
      await assert.rejects(end(), LeaseLost);
      assert.equal(await fixture.record(held.jobId), job);
      assert.equal(await registryRow(), registry);
    }
  });

  if (name === 'complete') continue;
  test(`${name} is one commit: when the unlock cannot be, the record stays`, async () => {
    await lock();
    await fixture.admin.query(
      `ALTER TABLE kasabi.dataset ADD CONSTRAINT locked CHECK (storage_mode = 'read-only') NOT VALID`,
    );
    try {
      const job = await fixture.record(held.jobId);
      await assert.rejects(end(), { code: '23514', constraint: 'locked' });
      assert.equal(await fixture.record(held.jobId), job);
    } finally {
      await fixture.admin.query('ALTER TABLE kasabi.dataset DROP CONSTRAINT locked');
    }
  });
}

async function registryRow(): Promise<string> {
  const { rows } = await fixture.admin.query(
    'SELECT d.*, xmin::text FROM kasabi.dataset d WHERE id = $1',
    [dataset.id],
  );
  return JSON.stringify(rows);
}
