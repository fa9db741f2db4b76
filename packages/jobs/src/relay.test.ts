import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import type { Delivery } from '@kasabi/domain';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { markEnqueued } from './mark-enqueued.ts';
import { createRelay, type RelayOptions } from './relay.ts';

// What the queue does with what it is handed is tested in test/integration/store-relay.test.ts; this is
// about what it is handed, and when.

let fixture: Fixture;
let dataset: Dataset;
let enqueued: Delivery[];
let asserted: Delivery[];

before(async () => {
  fixture = await createFixture();
  dataset = await fixture.addDataset();
});

beforeEach(async () => {
  await fixture.admin.query('TRUNCATE kasabi.job CASCADE');
  enqueued = [];
  asserted = [];
});

after(async () => {
  await fixture.close();
});

const relay = (options: Partial<RelayOptions> = {}) =>
  createRelay({
    db: fixture.worker,
    enqueue: async (deliveries) => void enqueued.push(...deliveries),
    ensureDue: async (deliveries) => void asserted.push(...deliveries),
    lostData: async () => false,
    acknowledgeData: async () => undefined,
    ...{
      intervalMs: 1_000,
      horizonMs: 3_600_000,
      overdueMs: 1_000,
      reassertMs: 30_000,
      batchSize: 10,
    },
    onError: (error) => assert.fail(String(error)),
    ...options,
  });

/** A scheduled job, made an hour ago, due in so many seconds, handed over so many seconds ago or never. */
async function job(options: { dueIn: number; enqueuedAgo?: number }): Promise<string> {
  const { rows } = await fixture.admin.query<{ id: string }>(
    `INSERT INTO kasabi.job (dataset_id, type, created, start_time, due, enqueued_at, requested_by)
     SELECT $1, 'reset', now() - interval '1 h', due, due, now() - $3 * interval '1 s', 1
     FROM (SELECT now() + $2 * interval '1 s' AS due) AS at RETURNING id`,
    [dataset.id, options.dueIn, options.enqueuedAgo ?? null],
  );
  return (rows[0] as { id: string }).id;
}

const ids = (deliveries: readonly Delivery[]): string[] => deliveries.map((it) => it.jobId);

test('what Redis was never handed is enqueued once, soonest first, and marked', async () => {
  const [later, sooner] = [await job({ dueIn: 60 }), await job({ dueIn: 30 })];
  await job({ dueIn: 30, enqueuedAgo: 10 });
  await relay().runOnce();
  assert.deepEqual(ids(enqueued), [sooner, later]);
  for (const { due } of enqueued) {
    assert.ok(due - Date.now() > 20_000 && due - Date.now() < 60_000);
  }
  assert.ok((await fixture.read(sooner))['enqueued_at'] instanceof Date);
  await relay().runOnce();
  assert.equal(enqueued.length, 2);
  assert.deepEqual(asserted, []);
});

test('a fresh record is left to its API for a second', async () => {
  await fixture.accept(dataset);
  await relay().runOnce();
  assert.deepEqual(enqueued, []);
  await fixture.admin.query("UPDATE kasabi.job SET created = created - interval '1.1 s'");
  await relay().runOnce();
  assert.equal(asserted.length, 1, 'what is due is also made due in Redis');
  assert.deepEqual(enqueued, []);
});

test('jobs beyond the horizon stay out, also after a loss, until they come near', async () => {
  const [near, far] = [await job({ dueIn: 50 }), await job({ dueIn: 70 })];
  const known = await job({ dueIn: 70, enqueuedAgo: 5 });
  await relay({ horizonMs: 60_000, lostData: async () => true }).runOnce();
  assert.deepEqual(ids(enqueued), [near]);
  assert.ok((await fixture.read(known))['enqueued_at'] instanceof Date);
  await relay({ horizonMs: 80_000 }).runOnce();
  assert.deepEqual(ids(enqueued), [near, far]);
});

test('what runs or has ended is none of its business', async () => {
  const running = await fixture.accept(dataset);
  await fixture.take(running);
  const cancelled = await fixture.accept(dataset);
  await fixture.cancel(cancelled);
  await fixture.admin.query("UPDATE kasabi.job SET created = created - interval '1 h'");
  await relay({ lostData: async () => true }).runOnce();
  assert.deepEqual([enqueued, asserted], [[], []]);
});

test('an overdue job that Redis was handed before it was due is asserted, once', async () => {
  const overdue = await job({ dueIn: -2, enqueuedAgo: 10 });
  await job({ dueIn: -0.5, enqueuedAgo: 10 });
  await relay().runOnce();
  assert.deepEqual(ids(asserted), [overdue]);
  await relay().runOnce();
  assert.equal(asserted.length, 1);
});

test('one that was asserted since is left alone for half a minute', async () => {
  await job({ dueIn: -60, enqueuedAgo: 20 });
  const forgotten = await job({ dueIn: -60, enqueuedAgo: 31 });
  await relay().runOnce();
  assert.deepEqual(ids(asserted), [forgotten]);
});

test('when Redis may have lost its data, all within the horizon are handed over again', async () => {
  const lost = [await job({ dueIn: 10, enqueuedAgo: 5 }), await job({ dueIn: 20, enqueuedAgo: 5 })];
  let acknowledged = 0;
  const acknowledgeData = async () => {
    acknowledged += 1;
    const { rows } = await fixture.admin.query('SELECT enqueued_at FROM kasabi.job');
    for (const row of rows) assert.equal(row.enqueued_at, null, 'known to be lost by then');
  };
  await relay({ lostData: async () => true, acknowledgeData }).runOnce();
  assert.deepEqual([ids(enqueued), acknowledged], [lost, 1]);
});

test('when Redis refuses, nothing counts as handed over, and the next round makes it good', async () => {
  const jobId = await job({ dueIn: 10 });
  const failure = new Error('Redis is away');
  await assert.rejects(relay({ enqueue: () => Promise.reject(failure) }).runOnce(), failure);
  await assert.rejects(relay({ lostData: () => Promise.reject(failure) }).runOnce(), failure);
  assert.equal((await fixture.read(jobId))['enqueued_at'], null);
  await relay().runOnce();
  assert.deepEqual(ids(enqueued), [jobId]);
});

test('a job that is claimed while it is handed over is not marked', async () => {
  const jobId = await job({ dueIn: -0.1 });
  const take = async () => void (await fixture.take(jobId));
  await relay({ ensureDue: take }).runOnce();
  assert.equal((await fixture.read(jobId))['enqueued_at'], null);
});

test('a job that is cancelled while it is handed over is left as it ended', async () => {
  const jobId = await job({ dueIn: 10 });
  let ended = '';
  const enqueue = async () => {
    assert.ok(await fixture.cancel(jobId));
    ended = await fixture.record(jobId);
  };
  await relay({ enqueue }).runOnce();
  assert.equal(await fixture.record(jobId), ended);
});

test('a mark for an earlier attempt does not hide that the present one is to be enqueued', async () => {
  const jobId = await job({ dueIn: -0.1 });
  await fixture.admin.query('UPDATE kasabi.job SET attempt = 1 WHERE id = $1', [jobId]);
  await markEnqueued(fixture.worker, [{ jobId, attempt: 0, due: 0 }]);
  assert.equal((await fixture.read(jobId))['enqueued_at'], null);
});

test('a backlog is worked off in batches, and two relays at once leave nothing out', async () => {
  const all: string[] = [];
  for (let n = 0; n < 45; n += 1) all.push(await job({ dueIn: 10 + n }));
  let largest = 0;
  const enqueue = async (deliveries: readonly Delivery[]) => {
    largest = Math.max(largest, deliveries.length);
    enqueued.push(...deliveries);
  };
  await Promise.all([relay({ enqueue }).runOnce(), relay({ enqueue }).runOnce()]);
  assert.equal(largest, 10);
  assert.deepEqual([...new Set(ids(enqueued))].sort(), all.sort());
  const { rows } = await fixture.admin.query('SELECT FROM kasabi.job WHERE enqueued_at IS NULL');
  assert.equal(rows.length, 0);
});
