import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Dataset, type Lock, lockDataset } from '@kasabi/datasets';
import { complete, markEnqueued } from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { report } from '../test/worker-report.ts';
import type { Overview } from './overview.ts';
import { readOverview } from './read-overview.ts';
import { removeWorker, reportWorker } from './report-worker.ts';
import { readUpcoming } from './upcoming.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

const look = (): Promise<Overview> => readOverview(fixture.database.pool('operations'));

const lock = (dataset: Dataset, jobId: string): Promise<Lock> =>
  withTransaction(fixture.worker, (client) =>
    lockDataset(client, { datasetId: dataset.id, jobId, timeoutMs: 1_000 }),
  );

test('nothing is there, and that is said in numbers', async () => {
  const { now, ...rest } = await look();
  assert.ok(Math.abs(now.getTime() - Date.now()) < 60_000);
  assert.deepEqual(rest, {
    readOnly: false,
    inRecovery: false,
    scheduled: 0,
    due: 0,
    running: 0,
    oldestDueMs: 0,
    lockedDatasets: [],
    workers: [],
    pauses: [],
    relay: { backlog: 0, lagMs: 0, lastRoundAgeMs: null },
    acknowledgements: [],
    troubledJobs: [],
    busyJobs: [],
    standbys: [],
  });
});

test('jobs are counted; what Redis was not handed is the relay backlog, after a second', async () => {
  const [a, b] = [await fixture.addDataset('a'), await fixture.addDataset('b')];
  const running = await fixture.accept(a);
  await fixture.take(running);
  const due = await fixture.accept(a);
  const soon = await fixture.accept(b, 30_000);
  await fixture.accept(b, 3_600_000);
  const fresh = await look();
  assert.deepEqual([fresh.scheduled, fresh.due, fresh.running], [3, 1, 1]);
  assert.equal(fresh.relay.backlog, 0);
  await fixture.admin.query(
    `UPDATE kasabi.job SET created = created - interval '1 min', start_time = start_time - interval '1 min',
            due = due - interval '1 min' WHERE id = ANY($1)`,
    [[due, soon]],
  );
  const aged = await look();
  assert.equal(aged.relay.backlog, 2);
  assert.ok(aged.relay.lagMs >= 60_000 && aged.relay.lagMs < 70_000, `${aged.relay.lagMs}`);
  assert.ok(aged.oldestDueMs >= 60_000 && aged.oldestDueMs < 70_000, `${aged.oldestDueMs}`);
  const deliveries = [due, soon].map((jobId) => ({ jobId, attempt: 0, due: 0 }));
  await markEnqueued(fixture.worker, deliveries);
  assert.deepEqual((await look()).relay, { backlog: 0, lagMs: 0, lastRoundAgeMs: null });
  const upcoming = await readUpcoming(fixture.database.pool('status'), { limit: 2 });
  assert.deepEqual(
    upcoming.map((job) => job.id),
    [due, soon],
  );
});

test('locks are shown with the state of the job that holds them', async () => {
  const dataset = await fixture.addDataset('locked');
  const jobId = await fixture.accept(dataset);
  const held = await fixture.take(jobId, { leaseMs: 1 });
  await lock(dataset, jobId);
  const shown = async () => (await look()).lockedDatasets.find(({ code }) => code === 'locked');
  const lost = await shown();
  assert.deepEqual([lost?.lockedBy, lost?.jobStatus], [jobId, 'running']);
  assert.ok(lost !== undefined && lost.lockedAt instanceof Date && lost.lockedMs < 60_000);
  assert.ok(lost.leaseExpiredMs !== null && lost.leaseExpiredMs > 0);
  await complete(fixture.worker, held);
  const ended = await shown();
  assert.deepEqual([ended?.jobStatus, ended?.leaseExpiredMs], ['completed', null]);
  await lock(dataset, crypto.randomUUID());
  assert.equal((await shown())?.jobStatus, null);
});

test('a worker is shown as it last reported, until it takes its report back', async () => {
  const asked = Date.now();
  const now = await reportWorker(fixture.worker, report);
  assert.ok(Math.abs(now - asked) < 5_000);
  const [first] = (await look()).workers;
  await reportWorker(fixture.worker, {
    ...report,
    running: 3,
    redisAnswers: false,
    redisTrouble: 'is a replica',
    storeTrouble: 'it is full',
    sinceRescueMs: 100,
    redisLoss: { sinceMs: 2_000, forgotten: 7 },
  });
  const overview = await look();
  const [worker] = overview.workers;
  assert.ok(worker !== undefined && worker.redisLost !== null && worker.sinceRescueMs !== null);
  const { started, seen, silentMs, redisLost, sinceRelayMs, sinceRescueMs, ...rest } = worker;
  assert.deepEqual(rest, {
    holder: 'w1',
    host: 'one',
    version: '1.0.0',
    concurrency: 4,
    running: 3,
    clockOffsetMs: -20,
    redisAnswers: false,
    redisTrouble: 'is a replica',
    storeTrouble: 'it is full',
    relayIntervalMs: 1_000,
    redisForgotten: 7,
    heldJobs: 0,
  });
  assert.deepEqual(started, first?.started);
  assert.ok(seen > started && silentMs >= 0 && silentMs < 5_000, `${silentMs}`);
  assert.equal(Math.round(sinceRelayMs ?? 0), 700);
  assert.equal(Math.round(sinceRescueMs), 100);
  assert.ok(Math.abs(redisLost.getTime() - (seen.getTime() - 2_000)) < 10);
  const { lastRoundAgeMs } = overview.relay;
  assert.ok(lastRoundAgeMs !== null && lastRoundAgeMs >= 700 && lastRoundAgeMs < 6_000);
  await removeWorker(fixture.worker, 'w1');
  assert.deepEqual((await look()).workers, []);
});

test('with many jobs, the overview reads no table of them from end to end', async () => {
  await fixture.admin.query(
    `
    INSERT INTO kasabi.job (dataset_id, type, status, created, start_time, due, started, attempt, end_time,
                            requested_by)
    SELECT 1, 'reset', 'completed', at, at, at, at, 1, at, 1
    FROM (SELECT now() - n * interval '1 min' AS at FROM generate_series(1, 50000) AS n) AS made;
    INSERT INTO kasabi.job (dataset_id, type, created, start_time, due, requested_by)
    SELECT 1, 'reset', now(), now() + n * interval '1 min', now() + n * interval '1 min', 1
    FROM generate_series(1, 20000) AS n;`,
  );
  await fixture.admin.query('VACUUM ANALYZE kasabi.job');
  const client = await fixture.admin.connect();
  try {
    const scans = async () => {
      await client.query('SELECT pg_stat_force_next_flush()');
      const { rows } = await client.query<{ seq_scan: number; seq_tup_read: number }>(
        "SELECT seq_scan, seq_tup_read FROM pg_stat_user_tables WHERE relname = 'job'",
      );
      return rows[0];
    };
    const earlier = await scans();
    assert.equal((await readOverview(client)).scheduled, 10_000);
    assert.deepEqual(await scans(), earlier);
  } finally {
    client.release();
  }
});
