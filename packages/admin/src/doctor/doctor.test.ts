// The doctor as a process, on a system of its own that falls ill and recovers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deliveryId, KEY_PREFIX, QUEUE_NAME } from '@kasabi/queue';
import { type PrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import { recording } from '@kasabi/test/support/recording';
import { waitFor } from '@kasabi/test/support/wait-for';
import { Redis } from 'ioredis';
import pg from 'pg';
import { atLeast, type Check } from './check.ts';

const keyOf = (jobId: string): string =>
  `${KEY_PREFIX}:${QUEUE_NAME}:${deliveryId({ jobId, attempt: 0 })}`;
const strayDelivery = deliveryId({ jobId: randomUUID(), attempt: 0 });

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
let stack: PrivateStack;

before(async () => {
  stack = await startPrivateStack();
});
after(() => stack?.stop());

interface Verdict {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function doctor(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Verdict> {
  const settings = {
    DATABASE_URL: stack.postgres.url,
    REDIS_URL: stack.redis.url,
    ...recording(),
    ...env,
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, 'doctor', ...args],
      { env: settings, timeout: 60_000 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

interface Report {
  readonly code: number;
  readonly status: string;
  /** The checks that are not `ok`, as `name status`. */
  readonly ill: readonly string[];
  check(name: string): Check;
}

async function report(env: NodeJS.ProcessEnv = {}): Promise<Report> {
  const { code, out, err } = await doctor(['--json'], env);
  assert.equal(err, '');
  const { status, checks } = JSON.parse(out) as { status: string; checks: Check[] };
  for (const it of checks) {
    // What is well may still come with advice.
    assert.ok(it.todo !== undefined || !['warn', 'fail'].includes(it.status), it.name);
  }
  return {
    code,
    status,
    ill: checks.filter((it) => it.status !== 'ok').map((it) => `${it.name} ${it.status}`),
    check: (name) => checks.find((it) => it.name === name) ?? assert.fail(`no check ${name}`),
  };
}

/** Returns how many rows that concerned. */
async function sql(text: string, values: unknown[] = []): Promise<number> {
  const client = new pg.Client({ connectionString: stack.postgres.url });
  await client.connect();
  try {
    return (await client.query(text, values)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}

async function redis<T>(work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(stack.redis.url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/** Accepts a job due in ten minutes and waits until Redis holds it. */
async function submit(): Promise<string> {
  const startTime = new Date(Date.now() + 600_000).toISOString();
  const response = await fetch(`${stack.api.url}/dataset/nasa/jobs`, {
    method: 'POST',
    headers: { X_KASABI_APIKEY: stack.key },
    body: new URLSearchParams({ jobType: 'reset', startTime }),
  });
  assert.equal(response.status, 202);
  const id = (await response.text()).split('/').at(-1) ?? '';
  await waitFor(() => redis((client) => client.exists(keyOf(id))).then((n) => n === 1), {
    what: 'its delivery',
  });
  // Jobs handed over within the last second are not compared.
  const age = `UPDATE kasabi.job SET enqueued_at = now() - interval '1 minute'
               WHERE id = $1 AND enqueued_at IS NOT NULL`;
  await waitFor(async () => (await sql(age, [id])) === 1, { what: 'the note of that' });
  return id;
}

/** Waits until the doctor says this; workers report every few seconds. */
const until = (ill: readonly string[]): Promise<Report> =>
  waitFor(
    async () => {
      const now = await report();
      assert.deepEqual(now.ill, ill);
      return now;
    },
    { what: `the doctor to find ${ill.join() || 'nothing'}`, timeoutMs: 60_000, everyMs: 500 },
  );

test('all is well, which is said check by check', async () => {
  const { code, status, check } = await until([]);
  assert.deepEqual([code, status], [0, 'ok']);
  assert.match(check('postgres').what, /^Postgres 18\.\d/);
  assert.match(check('redis').what, /^Redis \d+\.\d/);
  assert.match(check('workers').what, /^1 worker reports/);
  const { code: also, out } = await doctor();
  assert.equal(also, 0);
  assert.match(out, /^ok {4}settings {11}DATABASE_URL and REDIS_URL are set\n/);
  assert.match(out, /\nok {4}redis-eviction {5}maxmemory-policy is noeviction\n/);
  assert.ok(out.endsWith('\n\nAll is well.\n'));
});

test('a Redis that is set up wrongly', async () => {
  await redis((client) => client.config('SET', 'maxmemory-policy', 'allkeys-lru'));
  await redis((client) => client.config('SET', 'appendonly', 'no'));
  const { code, ill } = await report();
  assert.deepEqual([code, ill], [1, ['redis-eviction fail', 'redis-persistence warn']]);
  await redis((client) => client.config('SET', 'maxmemory-policy', 'noeviction'));
  assert.equal((await report()).code, 3, 'a warning alone');
  await redis((client) => client.config('SET', 'appendonly', 'yes'));
  await until([]);
});

test('drift: deliveries that are missing, of nobody, of jobs that have ended', async () => {
  const id = await submit();
  const { code, check } = await report();
  assert.equal(code, 0);
  assert.match(check('drift').what, /^Missing in Redis: 0 of 1 jobs; unknown to Postgres: 0 of 1 /);
  await redis((client) => client.del(keyOf(id)));
  const missing = await report();
  assert.deepEqual([missing.code, missing.ill], [3, ['drift warn']]);
  assert.ok(missing.check('drift').what.includes(`lacks 1 of 1 jobs`));
  await sql(
    `UPDATE kasabi.job SET status = 'cancelled', end_time = now(), message = 'x' WHERE id = $1`,
    [id],
  );
  assert.match((await report()).check('drift').what, /; 1 are of jobs that have ended/);
  await redis((client) =>
    client.zadd(`${KEY_PREFIX}:${QUEUE_NAME}:delayed`, Date.now() * 4_096 + 4e12, strayDelivery),
  );
  assert.match((await report()).check('drift').what, /^1 of 2 deliveries .* does not have/);
  await redis((client) => client.del(`${KEY_PREFIX}:${QUEUE_NAME}:delayed`));
  await until([]);
});

test('a dataset that is locked by nobody, until it is released', async () => {
  await sql(
    `UPDATE kasabi.dataset SET storage_mode = 'read-only', locked_by = $1, locked_at = now()`,
    [randomUUID()],
  );
  const { code, ill, check } = await report();
  assert.deepEqual([code, ill], [1, ['dataset-abandoned fail']]);
  assert.match(check('dataset-abandoned').todo ?? '', /dataset unlock nasa/);
  await sql('SELECT kasabi.release_abandoned_lock(id, locked_by) FROM kasabi.dataset');
  await until([]);
});

test('Redis away: everything else is looked at all the same', async () => {
  await stack.redis.stop();
  const { code, ill, check } = await report();
  assert.deepEqual([code, ill], [1, ['redis-down fail']]);
  assert.equal(check('migrations').status, 'ok');
  await stack.redis.start();
  // The worker reports it for a while: a restart may mean that.
  await waitFor(async () => assert.ok(!(await report()).ill.includes('redis-down fail')) ?? true, {
    what: 'Redis to be back',
    timeoutMs: 30_000,
  });
});

test('Postgres away: that, and how Redis is', async () => {
  await stack.postgres.stop();
  const { code, ill, check } = await report();
  assert.deepEqual([code, ill], [1, ['drift skip', 'postgres-down fail']]);
  assert.match(check('postgres-down').what, /ECONNREFUSED/);
  assert.equal(check('redis-eviction').status, 'ok');
  await stack.redis.stop();
  assert.deepEqual((await report()).ill, ['postgres-down fail', 'redis-down fail']);
  await Promise.all([stack.postgres.start(), stack.redis.start()]);
});

test('no worker', async () => {
  await stack.worker.stop();
  const { code, ill } = await report();
  assert.deepEqual([code, ill], [1, ['no-worker fail']]);
});

test('a schema that is older or newer than the program, or not there', async () => {
  await sql(`UPDATE kasabi.migration SET name = '9999_tomorrow' WHERE name LIKE '0004%'`);
  const { ill, check } = await report();
  assert.deepEqual(ill, ['migrations fail', 'drift skip']);
  assert.match(check('migrations').what, /lacks 0004_operations$/);
  await sql(`INSERT INTO kasabi.migration (name, run_on) VALUES ('0004_operations', now())`);
  assert.deepEqual((await report()).ill, ['migrations warn', 'no-worker fail']);
  await sql('CREATE DATABASE empty');
  const url = new URL(stack.postgres.url);
  url.pathname = '/empty';
  assert.deepEqual((await report({ DATABASE_URL: url.href })).ill, [
    'migrations fail',
    'drift skip',
  ]);
});

test('settings that are missing or wrong, and Redis not named', async () => {
  assert.deepEqual((await report({ DATABASE_URL: '' })).ill, ['settings fail']);
  assert.deepEqual((await report({ REDIS_URL: 'nonsense' })).ill, ['settings fail']);
  const { check } = await report({ REDIS_URL: '' });
  assert.match(check('settings').what, /^REDIS_URL is not set/);
  const { code } = await doctor(['--jsn']);
  assert.equal(code, 2);
});

test('versions are compared number by number', () => {
  assert.ok(atLeast('8.6.4', '6.2.0') && atLeast('6.10.0', '6.2.0') && atLeast('6.2', '6.2.0'));
  assert.ok(!atLeast('6.0.16', '6.2.0') && !atLeast('', '6.2.0'));
});
