// A database whose owner has set everything otherwise that a session can begin with.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createPool, migrate } from '@kasabi/postgres';
import { ask, untilEnded } from '@kasabi/test/support/client';
import { type PrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import pg from 'pg';

const unfriendly: Readonly<Record<string, string>> = {
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'iso_8601',
  TimeZone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  backslash_quote: 'on',
  array_nulls: 'off',
  search_path: '',
  client_encoding: 'LATIN1',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  statement_timeout: '1',
  lock_timeout: '1',
  idle_in_transaction_session_timeout: '1',
  idle_session_timeout: '100',
  transaction_timeout: '1',
  row_security: 'off',
  plan_cache_mode: 'force_generic_plan',
  jit_above_cost: '0',
  jit: 'on',
  client_min_messages: 'debug5',
  check_function_bodies: 'off',
  transform_null_equals: 'on',
  synchronous_commit: 'off',
  xmlbinary: 'hex',
  lc_monetary: 'C',
  work_mem: '64',
  cursor_tuple_fraction: '1',
  default_toast_compression: 'pglz',
};

let stack: PrivateStack;
const program = fileURLToPath(new URL('../../packages/admin/dist/main.js', import.meta.url));

before(async () => {
  stack = await startPrivateStack({
    async connect(_service, { databaseUrl }) {
      const client = new pg.Client({
        connectionString: databaseUrl,
        options: '-c statement_timeout=0 -c transaction_timeout=0 -c idle_session_timeout=0',
      });
      await client.connect();
      for (const [name, value] of Object.entries(unfriendly)) {
        const text = name === 'search_path' ? "''" : client.escapeLiteral(value);
        await client.query(`ALTER DATABASE postgres SET ${name} = ${text}`);
      }
      await client.end();
      // Nor does the shell that a service is started from have a say.
      return { PGOPTIONS: '-c DateStyle=German -c statement_timeout=1' };
    },
  });
});
after(() => stack?.stop());

const admin = (...args: string[]): string =>
  execFileSync(process.execPath, [program, ...args], {
    env: {
      DATABASE_URL: stack.databaseUrl,
      REDIS_URL: stack.redisUrl,
      PGOPTIONS: '-c jit=nonsense',
    },
    encoding: 'utf8',
  });

test('jobs are accepted, repeated by their key, watched and run; times are right; migrate and admin work', async () => {
  const headers = { X_KASABI_APIKEY: stack.key, 'Idempotency-Key': 'once-and-for-all' };
  const startTime = new Date(Date.now() + 1_500).toISOString();
  const submit = () =>
    ask(`${stack.api.url}/dataset/nasa/jobs`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ jobType: 'reset', startTime }),
    });
  const began = Date.now();
  const answers = await Promise.all([submit(), submit()]);
  const accepted = answers.filter(({ status }) => status === 202);
  assert.ok(accepted.length >= 1, answers.map(({ status, text }) => `${status} ${text}`).join());
  const [{ text: url }] = accepted as [(typeof answers)[number]];
  const again = await submit();
  assert.deepEqual([again.status, again.text], [202, url], 'repeated, and the same job');
  const waited = await ask(url, { headers: { ...headers, Prefer: 'wait=20' } });
  assert.equal(waited.status, 200, waited.text);
  const job = await untilEnded(url, stack.key, 30_000);
  assert.equal(job.status, 'completed');
  const { created, startTime: starts } = job as unknown as Record<string, string>;
  assert.ok(Math.abs(Date.parse(created ?? '') - began) < 5_000, `created ${created}`);
  assert.ok(Math.abs(Date.parse(starts ?? '') - Date.parse(startTime)) < 1_000, `starts ${starts}`);

  assert.deepEqual(await migrate({ databaseUrl: stack.databaseUrl }), []);
  assert.match(admin('job', 'list', '--text', 'nasa'), /completed/);
  assert.match(admin('doctor'), /ok {4}postgres /);
});

test('every session of ours has what it relies on, whatever the pool', async () => {
  const pool = createPool({
    url: stack.databaseUrl,
    applicationName: 'test',
    statementTimeoutMs: 4_000,
    onIdleError: () => undefined,
  });
  try {
    const read = async (name: string): Promise<string> =>
      (await pool.query(`SELECT current_setting($1) AS value`, [name])).rows[0]?.value;
    assert.equal(await read('DateStyle'), 'ISO, MDY');
    assert.equal(await read('search_path'), 'pg_catalog, pg_temp');
    assert.equal(await read('default_transaction_isolation'), 'read committed');
    assert.equal(await read('statement_timeout'), '4s', 'what the pool asks for goes over it');
    assert.equal(await read('synchronous_commit'), 'on', 'an accepted job is on the disk');
  } finally {
    await pool.end();
  }
});
