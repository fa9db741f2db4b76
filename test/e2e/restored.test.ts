// A Postgres that was restored from a backup holds jobs that have been overdue since: none of them starts
// before somebody says so, whatever runs meanwhile.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { runAdmin } from '@kasabi/admin';
import { freePort, serviceSettings } from '@kasabi/local';
import { type Pause, readPauses } from '@kasabi/operations';
import { createPool } from '@kasabi/postgres';
import { runInProcess, startService, type TestService, waitFor } from '@kasabi/test/support';
import { ask, untilEnded } from '@kasabi/test/support/client';
import { type PrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import type pg from 'pg';

const run = promisify(execFile);
let stack: PrivateStack;
let folder: string;
let worker: TestService | undefined;

before(async () => {
  stack = await startPrivateStack();
  const { rows } = await query<{ data_directory: string }>('SHOW data_directory');
  folder = rows[0]?.data_directory ?? assert.fail();
  await stack.worker.stop();
});

after(async () => {
  await worker?.stop();
  await stack?.stop();
});

/** On a connection that is closed again: servers are stopped here. */
async function query<T extends pg.QueryResultRow>(
  text: string,
  url = stack.databaseUrl,
): Promise<pg.QueryResult<T>> {
  const pool = createPool({ url, applicationName: 'test', max: 1, onIdleError: () => undefined });
  try {
    return await pool.query<T>(text);
  } finally {
    await pool.end();
  }
}

async function startWorker(databaseUrl = stack.databaseUrl): Promise<void> {
  worker = await startService(
    'worker',
    serviceSettings('worker', await freePort(), {
      databaseUrl,
      redisUrl: stack.redisUrl,
      apiPublicUrl: stack.api.url,
      statusPublicUrl: stack.status.url,
    }),
  );
}

async function stopWorker(): Promise<void> {
  await worker?.stop();
  worker = undefined;
}

const admin = async (...args: string[]): Promise<string> => {
  const settings = { DATABASE_URL: stack.databaseUrl, REDIS_URL: stack.redisUrl };
  return (await runInProcess(runAdmin, args, settings)).out;
};

const pauses = async (url?: string): Promise<Pause[]> => {
  const pool = createPool({
    url: url ?? stack.databaseUrl,
    applicationName: 'test',
    onIdleError: () => undefined,
  });
  return await readPauses(pool).finally(() => pool.end());
};

async function submit(): Promise<string> {
  const { status, text } = await ask(`${stack.api.url}/dataset/nasa/jobs?jobType=reset`, {
    method: 'POST',
    headers: { X_KASABI_APIKEY: stack.key },
  });
  assert.equal(status, 202, text);
  return text.trim();
}

const subjects = async (url?: string): Promise<string[]> =>
  (await query<{ subject: string }>('SELECT subject FROM store.quads_1', url)).rows.map(
    (row) => row.subject,
  );

const snoozed = async (reason: string): Promise<number> => {
  const { text } = await ask(`${worker?.url}/metrics`);
  const name = `kasabi_jobs_snoozed_total{reason="${reason}"} `;
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(name))
      ?.slice(name.length) ?? 0,
  );
};

/** A job that is due, data that it would delete, and the newest beat an hour old. */
async function makeOld(): Promise<string> {
  const job = await submit();
  await query('TRUNCATE store.quads_1');
  await query("INSERT INTO store.quads_1 VALUES ('kept', 'p', 'o')");
  await query("UPDATE kasabi.beat SET at = at - interval '1 hour'");
  return job;
}

const backUp = async (): Promise<void> => {
  await stack.postgres.stop();
  await run('rm', ['-rf', `${folder}.backup`]);
  await run('cp', ['-a', folder, `${folder}.backup`]);
  await stack.postgres.start();
};

const restore = async (): Promise<void> => {
  await stack.postgres.stop();
  await run('rm', ['-rf', folder]);
  await run('cp', ['-a', `${folder}.backup`, folder]);
  await stack.postgres.start();
};

test('restored under running services: all is paused, nothing is wiped until the resume, then all runs', async () => {
  const job = await makeOld();
  await backUp();
  await startWorker();
  assert.equal((await untilEnded(job, stack.key)).status, 'completed');
  assert.deepEqual(await pauses(), [], 'the same Postgres goes on after an hour');
  await restore();

  const [pause] = await waitFor(
    async () => {
      const found = await pauses();
      return found.length > 0 ? found : undefined;
    },
    { what: 'the pause', timeoutMs: 30_000 },
  );
  assert.equal(pause?.by, 'relay');
  assert.match(pause?.reason ?? '', /^This Postgres is older than the data in Redis/);
  // The relay has handed the job over again, or Redis still had it.
  await waitFor(async () => (await snoozed('paused')) > 0 || (await snoozed('unchecked')) > 0, {
    what: 'the job to be refused',
    timeoutMs: 30_000,
  });
  assert.match(
    await admin('doctor'),
    /^fail {2}postgres-restored +This Postgres is older .* paused\.$/m,
  );
  assert.match((await ask(`${stack.status.url}/dataset/nasa/status`)).text, /"jobs":"paused"/);
  assert.deepEqual(await subjects(), ['kept']);

  assert.match(
    await admin('resume', '--yes'),
    /^All jobs are resumed; 1 is due and may start\.\n$/,
  );
  assert.equal((await untilEnded(job, stack.key, 30_000)).status, 'completed');
  assert.deepEqual(await subjects(), []);
  await stopWorker();
  await startWorker();
  await waitFor(async () => (await ask(`${worker?.url}/readyz`)).status === 200, { what: 'it' });
  assert.deepEqual(await pauses(), [], 'a resume is the end of it');
});

test('restored without a worker: the doctor says so, and pause and resume need no service', async () => {
  await stopWorker();
  const job = await makeOld();
  await backUp();
  await startWorker();
  assert.equal((await untilEnded(job, stack.key)).status, 'completed');
  await stopWorker();
  await restore();
  assert.match(await admin('doctor'), /^fail {2}postgres-restored .*No worker has checked it yet/m);
  await admin('pause', '--reason', 'restored');
  await startWorker();
  const [pause] = await waitFor(
    async () => {
      const found = await pauses();
      return found[0]?.by === 'relay' ? found : undefined;
    },
    { what: 'the relay to say what it saw' },
  );
  assert.match(pause?.reason ?? '', /It was paused before, by command line: restored\.$/);
  assert.deepEqual(await subjects(), ['kept']);
  await stopWorker();

  await restore();
  await admin('pause');
  await admin('resume', '--yes');
  await startWorker();
  assert.equal((await untilEnded(job, stack.key, 30_000)).status, 'completed');
  assert.deepEqual(await pauses(), [], 'somebody has said that this is the one');
});

test('a copy of the database elsewhere is paused, too, however new', async () => {
  await stopWorker();
  await makeOld();
  await stack.api.stop();
  await stack.status.stop();
  const copy = new URL(stack.databaseUrl);
  copy.pathname = '/copy';
  // As a superuser's dump and its loading would, with no connection to what is copied.
  const other = new URL(stack.databaseUrl);
  other.pathname = '/template1';
  await waitFor(
    () =>
      query('CREATE DATABASE copy TEMPLATE postgres', other.href).then(
        () => true,
        () => false,
      ),
    { what: 'the copy', timeoutMs: 20_000 },
  );
  await startWorker(copy.href);
  await waitFor(async () => (await pauses(copy.href))[0]?.by === 'relay', { what: 'the pause' });
  assert.match((await pauses(copy.href))[0]?.reason ?? '', /is a copy of another one/);
  assert.deepEqual(await subjects(copy.href), ['kept']);
});
