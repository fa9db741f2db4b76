import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readOverview, type WorkerState } from '@kasabi/operations';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { Redis } from 'ioredis';

let stack: TestStack;

before(async () => {
  stack = await startStack({ workers: 1 });
});

after(async () => {
  await stack?.stop();
});

const workers = async (): Promise<readonly WorkerState[]> =>
  (await readOverview(stack.database.pool('operations'))).workers;

test('a worker reports itself from its start on', async () => {
  const [worker] = await waitFor(
    async () => {
      const all = await workers();
      return all[0]?.clockOffsetMs != null && all[0].sinceRelayMs !== null && all;
    },
    { what: 'a report with a clock and a round of the relay', timeoutMs: 15_000 },
  );
  assert.ok(worker !== undefined);
  assert.match(worker.holder, new RegExp(`:${stack.workers[0]?.pid}:`));
  assert.deepEqual(
    [worker.version, worker.concurrency, worker.running, worker.redisAnswers, worker.redisLost],
    ['0.1.0', 10, 0, true, null],
  );
  assert.ok(Math.abs(worker.clockOffsetMs ?? Number.NaN) < 1_000, `${worker.clockOffsetMs} ms`);
});

test('a wrong clock is reported, though the worker has corrected it; a stop in order leaves no row', async () => {
  const second = await stack.addWorker({
    NODE_OPTIONS: `--require ${path.resolve('test/integration/support/skew-clock.cjs')}`,
    SKEW_MS: '3600000',
  });
  const skewed = await waitFor(
    async () =>
      (await workers()).find(
        (worker) => worker.holder.includes(`:${second.pid}:`) && worker.clockOffsetMs !== null,
      ),
    { what: 'the report of its clock', timeoutMs: 15_000 },
  );
  assert.ok(Math.abs((skewed.clockOffsetMs ?? 0) - 3_600_000) < 1_000, `${skewed.clockOffsetMs}`);
  await second.stop();
  assert.equal((await workers()).length, 1);
});

test('a Redis that was wiped is reported, with how many jobs it was handed again', async () => {
  await fetch(`${stack.apiUrl}/dataset/${stack.dataset}/jobs`, {
    method: 'POST',
    headers: { X_KASABI_APIKEY: stack.key },
    body: new URLSearchParams({
      jobType: 'reset',
      startTime: new Date(Date.now() + 600_000).toISOString(),
    }),
  });
  const pool = stack.database.pool();
  const enqueued = async () => {
    const { rows } = await pool.query<{ at: Date | null }>(
      'SELECT enqueued_at AS at FROM kasabi.job',
    );
    return rows[0]?.at ?? undefined;
  };
  await waitFor(enqueued, { what: 'the job to be in Redis' });
  const redis = new Redis(stack.redis.url);
  await redis.flushdb();
  await redis.quit();
  const worker = await waitFor(async () => (await workers()).find((it) => it.redisLost !== null), {
    what: 'the report of the loss',
    timeoutMs: 15_000,
  });
  assert.equal(worker.redisForgotten, 1);
  assert.ok(Date.now() - Number(worker.redisLost) < 15_000);
  await waitFor(enqueued, { what: 'the job to be in Redis again' });
});
