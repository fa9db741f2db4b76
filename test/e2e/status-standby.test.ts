// The status service on a standby that applies everything two seconds late.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { issueKey, revokeKey } from '@kasabi/accounts';
import { freePort, projectRoot, serviceSettings } from '@kasabi/local';
import { createPool, roleUrl } from '@kasabi/postgres';
import { type Answer, ask, inMs, untilEnded } from '@kasabi/test/support/client';
import { signIn } from '@kasabi/test/support/operator';
import { type OperatedPrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import { recording } from '@kasabi/test/support/recording';
import { startService, type TestService } from '@kasabi/test/support/service';
import { type Standby, startStandby } from '@kasabi/test/support/standby';
import { waitFor } from '@kasabi/test/support/wait-for';

const delay = '2s';
const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-status-standby-'));
let stack: OperatedPrivateStack;
const operatorPassword = 'an-operators-password';
let standby: Standby;
/** One that reads from the standby however late it is. */
let patient: TestService;

before(async () => {
  chmodSync(folder, 0o711);
  stack = await startPrivateStack({
    operatorPassword,
    settings: { api: { RATE_LIMIT_PER_MINUTE: '0', MAX_OPEN_JOBS_PER_DATASET: '0' } },
    async connect(service, { databaseUrl, postgres }) {
      if (service !== 'status') return {};
      standby = await startStandby(postgres, {
        folder: path.join(folder, 'standby'),
        settings: { recovery_min_apply_delay: delay, max_standby_streaming_delay: '0' },
      });
      return settingsOf(databaseUrl);
    },
  });
  const port = await freePort();
  patient = await startService('status', {
    ...serviceSettings('status', port, {
      databaseUrl: stack.databaseUrl,
      redisUrl: stack.redisUrl,
      apiPublicUrl: stack.api.url,
      statusPublicUrl: `http://127.0.0.1:${port}`,
    }),
    ...settingsOf(stack.databaseUrl),
    STANDBY_MAX_LAG_MS: '600000',
  });
});
after(async () => {
  await patient?.stop();
  await stack?.stop();
  await standby?.stop();
  rmSync(folder, { recursive: true });
});

const settingsOf = (databaseUrl: string) => ({
  DATABASE_URL: roleUrl(standby.url, 'status'),
  DATABASE_PRIMARY_URL: roleUrl(databaseUrl, 'status'),
});

/** Asks for a job, and resolves to its path on a status host. */
async function submit(startTime = inMs(0)): Promise<string> {
  const answer = await ask(`${stack.api.url}/dataset/nasa/jobs`, {
    method: 'POST',
    headers: { X_KASABI_APIKEY: stack.key },
    body: new URLSearchParams({ jobType: 'reset', startTime }),
  });
  assert.equal(answer.status, 202, answer.text);
  return new URL(answer.text).pathname;
}

const get = (
  { url }: TestService,
  where: string,
  { key = stack.key, ...headers }: Record<string, string> = {},
): Promise<Answer> => ask(`${url}${where}`, { headers: { X_KASABI_APIKEY: key, ...headers } });

/** An id that a job could have that was made so many milliseconds ago, which no job has. */
function madeUpId(ageMs: number): string {
  const hex = (Date.now() - ageMs).toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-7$3-8$4-$5').slice(0, 36);
}

/** Waits until the standby has heard of a job. */
const untilHeard = (where: string): Promise<unknown> =>
  waitFor(
    async () => {
      const pool = createPool({
        ...{ url: standby.url, target: 'any', applicationName: 'test', onIdleError: () => {} },
      });
      const { rowCount } = await pool.query('SELECT FROM kasabi.job WHERE id = $1', [
        where.split('/').at(-1),
      ]);
      await pool.end();
      return rowCount === 1;
    },
    { what: `the standby to hear of ${where}`, timeoutMs: 15_000 },
  );

describe('a standby that is behind', () => {
  it("knows a job's address right after its 202, whatever the lag", async () => {
    for (let number = 0; number < 10; number += 1) {
      const where = await submit();
      for (const status of [stack.status, patient]) {
        const answer = await get(status, where);
        assert.equal(answer.status, 200, answer.text);
      }
    }
  });

  it('holds a wait until the job changes, and streams each of its states once', async () => {
    for (const status of [stack.status, patient]) {
      const where = await submit(inMs(700));
      const [waited, stream] = await Promise.all([
        get(status, where, { Prefer: 'wait=20' }),
        get(status, `${where}/events`),
      ]);
      assert.equal(waited.status, 200, waited.text);
      assert.notEqual(JSON.parse(waited.text).status, 'scheduled');
      const states = [...stream.text.matchAll(/"status":"(\w+)"/g)].map(([, state]) => state);
      assert.ok(states.length >= 2, stream.text);
      assert.deepEqual(
        states,
        ['scheduled', 'running', 'completed'].filter((it) => states.includes(it)),
      );
    }
  });

  it('knows a key that was just issued, and refuses one that was just revoked', async () => {
    const where = await submit(inMs(3_600_000));
    const pool = createPool({
      ...{ url: stack.databaseUrl, applicationName: 'test', onIdleError: () => {} },
    });
    try {
      const { secret: key, keyId } = await issueKey(pool, 'owner');
      const list = where.replace(/\/[^/]+$/, '');
      for (const status of [stack.status, patient]) {
        assert.equal((await get(status, where, { key })).status, 200);
        assert.equal((await get(status, list, { key })).status, 200);
      }
      await revokeKey(pool, keyId);
      assert.equal((await get(stack.status, where, { key })).status, 401);
      assert.equal((await get(patient, where, { key: 'made-up' })).status, 401);
    } finally {
      await pool.end();
    }
  });

  it('says 404 of jobs that nobody has heard of', async () => {
    for (const ageMs of [0, 86_400_000]) {
      const where = `/data/nasa/jobs/${madeUpId(ageMs)}`;
      for (const status of [stack.status, patient]) {
        assert.equal((await get(status, where)).status, 404);
      }
    }
  });

  it('shows in the metrics how far it is behind', async () => {
    await submit();
    const { text } = await ask(`${patient.url}/metrics`);
    const lag = Number(/^kasabi_status_standby_lag_seconds (\S+)$/m.exec(text)?.[1]);
    assert.ok(lag > 1 && lag < 10, `${lag} s`);
  });

  it('is shown to operators, by the page and by doctor, with how far it is behind', async () => {
    const behind = /\d+(\.\d)? k?B behind, [1-9]\d*(\.\d)? s late/;
    const operator = await signIn(stack.operations.url, operatorPassword);
    const panel = /<tr id="standbys-.*?<\/tr>/s;
    await waitFor(
      async () => {
        await submit();
        const [row = ''] = panel.exec((await operator.look('')).text) ?? [];
        return row.includes('<td class="">standby<') && behind.test(row);
      },
      { what: 'the standby on the page', timeoutMs: 20_000 },
    );
    await submit();
    const program = path.join(projectRoot, 'packages/admin/dist/main.js');
    const env = { ...recording(), DATABASE_URL: stack.databaseUrl, REDIS_URL: stack.redisUrl };
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'doctor'], { env });
    const [line = ''] = /^ok +standby .*$/m.exec(stdout) ?? [];
    assert.match(line, /standby at 127\.0\.0\.1 /, stdout);
    assert.match(line, behind);
  });
});

describe('with one of the two away', () => {
  it('the standby answers what it knows, and 503 where only the primary could tell', async () => {
    const where = await submit(inMs(3_600_000));
    await untilHeard(where);
    await stack.postgres.stop();
    try {
      for (const status of [stack.status, patient]) {
        await waitFor(async () => (await get(status, where)).status === 200, {
          what: 'the standby to answer',
          timeoutMs: 5_000,
        });
        assert.equal((await ask(`${status.url}/readyz`)).status, 200);
        const young = await get(status, `/data/nasa/jobs/${madeUpId(0)}`);
        assert.equal(young.status, 503, young.text);
        assert.match(young.headers.get('retry-after') ?? '', /^\d+$/);
        assert.equal((await get(status, `/data/nasa/jobs/${madeUpId(86_400_000)}`)).status, 404);
        assert.equal((await get(status, where, { key: 'made-up' })).status, 503);
      }
    } finally {
      await stack.postgres.start();
    }
    await untilEnded(`${stack.status.url}${await submit()}`, stack.key, 60_000);
  });

  it('the primary answers everything, and a wait goes on', async () => {
    const where = await submit(inMs(4_000));
    await untilHeard(where);
    const waits = [stack.status, patient].map((it) => get(it, where, { Prefer: 'wait=30' }));
    await standby.stop();
    try {
      for (const status of [stack.status, patient]) {
        for (let number = 0; number < 10; number += 1) {
          const answer = await get(status, where);
          assert.equal(answer.status, 200, answer.text);
        }
        assert.equal((await ask(`${status.url}/readyz`)).status, 200);
      }
      const [waited] = await Promise.all(waits);
      assert.equal(waited?.status, 200, waited?.text);
      assert.notEqual(JSON.parse(waited?.text ?? '').status, 'scheduled');
    } finally {
      await standby.start();
    }
  });
});
