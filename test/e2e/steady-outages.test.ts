// Outages under a steady 50 requests a second: what is answered meanwhile, and what becomes of the jobs.
// OUTAGE_SECONDS and OUTAGE_JOBS set for how long, and how many jobs Redis loses; LONGEST_TEST_MS has to allow
// for them.
import assert from 'node:assert/strict';
import { after, before, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '@kasabi/postgres';
import { ask, inMs } from '@kasabi/test/support/client';
import { type PrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import { waitFor } from '@kasabi/test/support/wait-for';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { environment } from '../support/env.ts';
import { quantile, type Sent, startSteadyLoad } from './support/steady-load.ts';

const seconds = Number(environment()['OUTAGE_SECONDS'] ?? 5);
const scheduledJobs = Number(environment()['OUTAGE_JOBS'] ?? 300);
const perSecond = 50;
const usualMs = 3_000;

const datasets = Array.from({ length: 50 }, (_, n) => `steady-${n}`);
let stack: PrivateStack;
let pool: pg.Pool;

before(async () => {
  const settings = { api: { RATE_LIMIT_PER_MINUTE: '0' } };
  stack = await startPrivateStack({ datasets, settings });
  pool = createPool({
    url: stack.databaseUrl,
    applicationName: 'test',
    onIdleError: () => undefined,
  });
});
after(async () => {
  await pool?.end();
  await stack?.stop();
});

async function openJobs(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM kasabi.job WHERE status IN ('scheduled', 'running')`,
  );
  return rows[0]?.count ?? Number.NaN;
}

/** Resolves to the seconds it took until no job was open. */
async function untilAllEnded(): Promise<number> {
  const begun = performance.now();
  await waitFor(async () => (await openJobs()) === 0, {
    what: 'all jobs to end',
    timeoutMs: 30_000,
    everyMs: 100,
  });
  return (performance.now() - begun) / 1_000;
}

/** Every job that was accepted has completed, and no dataset is left read-only. */
async function assertNoneLost(sent: readonly Sent[]): Promise<void> {
  const ids = sent.flatMap(({ location }) => location?.split('/').at(-1) ?? []);
  const { rows } = await pool.query<{ completed: number; locked: number }>(
    `SELECT (SELECT count(*) FROM kasabi.job WHERE id = ANY($1) AND status = 'completed')::int
              AS completed,
            (SELECT count(*) FROM kasabi.dataset WHERE storage_mode = 'read-only')::int AS locked`,
    [ids],
  );
  assert.deepEqual(rows, [{ completed: ids.length, locked: 0 }]);
}

const latencies = (sent: readonly Sent[]): string => {
  const took = sent.map((it) => it.tookMs);
  const [p50, p99] = [quantile(took, 0.5), quantile(took, 0.99)].map((it) => it.toFixed(1));
  return `${took.length} requests, p50 ${p50} ms, p99 ${p99} ms, longest ${Math.max(...took).toFixed(0)} ms`;
};

it(`${seconds} s without Redis: every request is 202 as usual, and all jobs end within 30 s`, async (t: TestContext) => {
  const load = startSteadyLoad(stack, datasets, perSecond);
  await delay(usualMs);
  const from = load.now();
  await stack.redis.stop();
  await delay(seconds * 1_000);
  const to = load.now();
  await stack.redis.start();
  const sent = await load.stop();
  const recovery = await untilAllEnded();
  assert.deepEqual([...new Set(sent.map((it) => it.status))], [202]);
  await assertNoneLost(sent);
  const usual = sent.filter((it) => it.atMs < from);
  const without = sent.filter((it) => it.atMs >= from && it.atMs < to);
  assert.ok(without.length > seconds * perSecond * 0.9, `${without.length} requests`);
  t.diagnostic(`with Redis: ${latencies(usual)}`);
  t.diagnostic(`without: ${latencies(without)}`);
  t.diagnostic(`all jobs had ended ${recovery.toFixed(1)} s after its return`);
  const p99 = (of: readonly Sent[]) =>
    quantile(
      of.map((it) => it.tookMs),
      0.99,
    );
  assert.ok(p99(without) < p99(usual) + 250, 'the usual latency');
});

it(`${seconds} s without Postgres: 503 with Retry-After, then all goes on and nothing is lost`, async (t: TestContext) => {
  const load = startSteadyLoad(stack, datasets, perSecond);
  await delay(usualMs);
  await stack.postgres.stop();
  const from = load.now();
  await delay(seconds * 1_000);
  const to = load.now();
  await stack.postgres.start();
  const started = load.now();
  await waitFor(async () => (await ask(`${stack.api.url}/readyz`)).status === 200, {
    what: 'the api to be ready',
  });
  const ready = load.now();
  await delay(usualMs);
  const sent = await load.stop();
  const recovery = await untilAllEnded();
  for (const { status, retryAfter } of sent) {
    assert.ok([202, 503].includes(status), `${status}`);
    if (status === 503) assert.match(retryAfter ?? '', /^[1-9]\d*$/);
  }
  const without = sent.filter((it) => it.atMs >= from && it.atMs < to);
  assert.deepEqual([...new Set(without.map((it) => it.status))], [503]);
  const again = sent.filter((it) => it.atMs > ready);
  assert.deepEqual([...new Set(again.map((it) => it.status))], [202]);
  await assertNoneLost(sent);
  t.diagnostic(`without Postgres: ${latencies(without)}`);
  t.diagnostic(
    `ready ${(ready - started).toFixed(0)} ms after Postgres was; again: ${latencies(again)}`,
  );
  t.diagnostic(`all jobs had ended ${recovery.toFixed(1)} s after the last request`);
});

it(`${scheduledJobs} scheduled jobs run at their times though Redis lost them all`, async (t: TestContext) => {
  const leadMs = 5_000 + scheduledJobs * 3;
  const spreadMs = scheduledJobs * 20;
  const submitted = Array.from({ length: scheduledJobs }, (_, n) => n);
  const locations: string[] = [];
  const submitter = async (): Promise<void> => {
    for (let n = submitted.pop(); n !== undefined; n = submitted.pop()) {
      const startTime = inMs(leadMs + (n / scheduledJobs) * spreadMs);
      const url = `${stack.api.url}/dataset/${datasets[n % datasets.length]}/jobs`;
      const body = new URLSearchParams({ jobType: 'reset', startTime });
      const headers = { X_KASABI_APIKEY: stack.key };
      const { status, text } = await ask(url, { method: 'POST', headers, body });
      assert.equal(status, 202, text);
      locations.push(text);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: 16 }, submitter));
  assert.ok(performance.now() - begun < leadMs, 'none is due before all are accepted');
  const redis = new Redis(stack.redisUrl);
  await redis.flushall();
  redis.disconnect();

  const ids = locations.map((it) => it.split('/').at(-1));
  await waitFor(async () => (await openJobs()) === 0, {
    what: 'all jobs to end',
    timeoutMs: leadMs + spreadMs + 30_000,
    everyMs: 250,
  });
  const { rows } = await pool.query<{ status: string; drift: number }>(
    `SELECT status, (extract(epoch FROM started - start_time) * 1000)::float8 AS drift
     FROM kasabi.job WHERE id = ANY($1)`,
    [ids],
  );
  assert.equal(rows.length, scheduledJobs);
  assert.deepEqual([...new Set(rows.map((it) => it.status))], ['completed']);
  const drifts = rows.map((it) => it.drift);
  assert.ok(Math.min(...drifts) >= 0, 'none early');
  t.diagnostic(
    `started after their times by: median ${quantile(drifts, 0.5).toFixed(0)} ms, ` +
      `p99 ${quantile(drifts, 0.99).toFixed(0)} ms, longest ${Math.max(...drifts).toFixed(0)} ms`,
  );
  assert.ok(quantile(drifts, 0.99) < 5_000, 'at their times');
});
