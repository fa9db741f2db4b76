// Thousands of clients that wait at one status process, each for a job of its own. `npm test -- waiters`
// prints the figures.
import assert from 'node:assert/strict';
import { after, afterEach, before, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { roleUrl } from '@kasabi/postgres';
import { startStack, type TestService, type TestStack, waitFor } from '@kasabi/test/support';
import { ask } from '@kasabi/test/support/client';
import { makeJobs } from '@kasabi/test/support/watch-jobs';
import { addService } from '@kasabi/test/support/watch-services';
import type pg from 'pg';
import { createStatementCounter, type StatementCounter } from './support/watch-statements.ts';
import { abandon, hold, percentile, type Waiter } from './support/watch-waiters.ts';

const count = 5_000;
const mostStatements = 20;
const watchedMs = 4_000;
/** Far above the 250 ms that are aimed at, for the machine may be busy; the figure itself is printed. */
const latestMedianMs = 2_000;

let stack: TestStack;
let pool: pg.Pool;
let counter: StatementCounter;
let status: TestService;
let waiters: Waiter[] = [];

before(async () => {
  stack = await startStack({ workers: 0 });
  pool = stack.database.pool();
  counter = await createStatementCounter(roleUrl(stack.database.url, 'status'));
  status = await addService(stack, 'status', {
    DATABASE_URL: counter.url,
    // Shedding load is not what is tested here, and all of them at once on a busy machine are some.
    MAX_LAG_MS: '60000',
  });
});
afterEach(() => {
  abandon(waiters);
  waiters = [];
});
after(async () => {
  await status?.stop();
  await counter?.close();
  await stack?.stop();
});

/** Lets every waiter ask for a job of its own, and waits until the server holds all. */
async function waitForJobs(): Promise<string[]> {
  const ids = await makeJobs(pool, count);
  const headers = [`X_KASABI_APIKEY: ${stack.key}`, 'Prefer: wait=60'];
  for (let from = 0; from < count; from += 100) {
    const paths = ids.slice(from, from + 100).map((id) => `/data/${stack.dataset}/jobs/${id}`);
    waiters.push(...(await hold(status.port, paths, headers)));
    // Each is read once at first, and this one behind them: they are to wait, not to be too many.
    await ask(`${status.url}/dataset/${stack.dataset}/status`);
  }
  // All were sent, and requests share statements: that nothing is asked any more says that all were read.
  const settled = async (): Promise<boolean> => {
    const before = counter.statements();
    await delay(500);
    return counter.statements() - before < 10;
  };
  await waitFor(settled, { what: 'the server to have read all', timeoutMs: 30_000 });
  assert.deepEqual(waiters.find((it) => it.text !== '')?.text, undefined);
  return ids;
}

/** Ends jobs in one commit and returns the moment just before it. */
async function end(ids: readonly string[]): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `UPDATE kasabi.job SET status = 'failed', end_time = clock_timestamp(), message = 'ended'
       WHERE id = ANY($1)`,
      [ids],
    );
    const at = performance.now();
    await client.query('COMMIT');
    return at;
  } finally {
    client.release();
  }
}

/** Waits until all have heard of the end of their jobs and reports how long each took. */
async function report(context: TestContext, what: string, ended: readonly number[]): Promise<void> {
  await waitFor(() => waiters.every((it) => it.answeredAt !== undefined), {
    what: 'all to hear',
    timeoutMs: 30_000,
  });
  for (const { text } of waiters) assert.match(text, /^HTTP\/1\.1 200 .*"status":"failed"/s);
  const took = waiters.map((it, n) => (it.answeredAt ?? Number.NaN) - (ended[n] ?? Number.NaN));
  const [median = 0, ...late] = [50, 90, 99, 100].map((it) => Math.round(percentile(took, it)));
  context.diagnostic(`${what}: median ${median} ms; 90 %, 99 %, all: ${late.join(', ')} ms`);
  assert.ok(median <= latestMedianMs, `the median is ${median} ms`);
}

it('5,000 waiters cost the database fewer than 20 statements a second', async (context) => {
  const ids = await waitForJobs();
  const earlier = counter.statements();
  await delay(watchedMs);
  const perSecond = ((counter.statements() - earlier) / watchedMs) * 1_000;
  context.diagnostic(`${count} wait: ${perSecond.toFixed(1)} statements a second`);
  assert.ok(perSecond < mostStatements, `${perSecond} statements a second`);
  assert.ok(waiters.every((it) => it.answeredAt === undefined));

  // As many workers would: a commit now and then, for some five seconds.
  const ended: number[] = [];
  for (let from = 0; from < count; from += 20) {
    const at = await end(ids.slice(from, from + 20));
    ended.push(...new Array<number>(20).fill(at));
    await delay(20);
  }
  await report(context, 'jobs end one after the other', ended);
});

it('5,000 waiters whose jobs end in one commit all hear of it', async (context) => {
  const at = await end(await waitForJobs());
  await report(context, 'all jobs end at once', new Array<number>(count).fill(at));
});
