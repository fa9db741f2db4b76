// The services behind PgBouncer in transaction mode.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort, type ServiceName, serviceSettings } from '@kasabi/local';
import { createPool, migrate, withTransaction } from '@kasabi/postgres';
import { ask, untilEnded } from '@kasabi/test/support/client';
import { type PgBouncer, PgBouncerMissing, startPgBouncer } from '@kasabi/test/support/pgbouncer';
import { type PrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import { ServiceMisbehaved, startService } from '@kasabi/test/support/service';

const passwords = {
  api: 'secret-1',
  worker: 'secret-2',
  status: 'secret-3',
  operations: 'secret-4',
};
const users = Object.fromEntries(
  Object.entries(passwords).map(([role, password]) => [`kasabi_${role}`, password]),
);
const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-pooler-'));
const datasets = Array.from({ length: 20 }, (_, n) => `pooled-${n}`);
let stack: PrivateStack;
let fit: PgBouncer;
/** One that loses prepared statements. */
let unfit: PgBouncer;
let missing: string | undefined;

const urlOf = (pooler: PgBouncer, role: ServiceName, query = '?pooler=transaction'): string =>
  `postgresql://kasabi_${role}:${passwords[role]}@127.0.0.1:${pooler.port}/postgres${query}`;

before(async () => {
  chmodSync(folder, 0o711);
  try {
    stack = await startPrivateStack({
      datasets,
      passwords,
      settings: { api: { RATE_LIMIT_PER_MINUTE: '0' } },
      async connect(service, { databaseUrl }) {
        fit ??= await startPgBouncer({
          ...{ databaseUrl, folder, users },
          // Fewer than the services have connections, so that they share.
          settings: { default_pool_size: '3' },
        });
        return { DATABASE_URL: urlOf(fit, service) };
      },
    });
    unfit = await startPgBouncer({
      ...{ databaseUrl: stack.databaseUrl, folder, users },
      settings: { max_prepared_statements: '0' },
    });
  } catch (error) {
    if (!(error instanceof PgBouncerMissing)) throw error;
    missing = error.message;
  }
});
after(async () => {
  await stack?.stop();
  await fit?.stop();
  await unfit?.stop();
  rmSync(folder, { recursive: true });
});

describe('behind a pooler in transaction mode', () => {
  it('every job that is accepted runs, on connections that all share', async (t) => {
    if (missing !== undefined) return t.skip(missing);
    t.diagnostic(fit.version);
    const locations = await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        const { status, text } = await ask(
          `${stack.api.url}/dataset/${datasets[n % datasets.length]}/jobs?jobType=reset`,
          { method: 'POST', headers: { X_KASABI_APIKEY: stack.key } },
        );
        assert.equal(status, 202, text);
        return text;
      }),
    );
    const ended = await Promise.all(locations.map((it) => untilEnded(it, stack.key, 120_000)));
    assert.deepEqual([...new Set(ended.map(({ status }) => status))], ['completed']);
    assert.deepEqual(
      [stack.api, stack.worker, stack.status].flatMap((it) =>
        it.logs.filter((line) => /prepared/.test(line)),
      ),
      [],
    );
  });

  it('the sessions have what they rely on from their roles', async (t) => {
    if (missing !== undefined) return t.skip(missing);
    for (const role of ['api', 'worker', 'status', 'operations'] as const) {
      const pool = createPool({
        ...{ url: urlOf(fit, role), applicationName: 'pooler-test', onIdleError: () => {} },
      });
      const { rows } = await pool.query<{
        path: string;
        idle: string;
        limit: string;
        zone: string;
      }>(
        `SELECT current_setting('search_path') AS path,
                current_setting('idle_in_transaction_session_timeout') AS idle,
                current_setting('statement_timeout') AS limit, current_setting('TimeZone') AS zone`,
      );
      await pool.end();
      const limit = role === 'worker' ? '0' : '10s';
      assert.deepEqual(rows, [{ path: 'pg_catalog, pg_temp', idle: '15s', limit, zone: 'UTC' }]);
    }
  });

  it('an abort cancels the statement under way, and no other', async (t) => {
    if (missing !== undefined) return t.skip(missing);
    const pool = createPool({
      ...{ url: urlOf(fit, 'worker'), applicationName: 'pooler-test', onIdleError: () => {} },
    });
    try {
      const aborting = new AbortController();
      const begun = performance.now();
      const others = pool.query('SELECT pg_sleep(2)');
      await assert.rejects(
        withTransaction(
          pool,
          async (client) => {
            const slow = client.query('SELECT pg_sleep(30)');
            setTimeout(() => aborting.abort(), 200);
            await slow;
          },
          aborting.signal,
        ),
        { code: '57014' },
      );
      assert.ok(performance.now() - begun < 5_000);
      await others;
    } finally {
      await pool.end();
    }
  });
});

describe('a pooler that cannot be used', () => {
  const start = async (databaseUrl: string): Promise<string> => {
    const port = await freePort();
    const settings = serviceSettings('status', port, {
      ...{ databaseUrl: stack.databaseUrl, redisUrl: stack.redisUrl },
      ...{ apiPublicUrl: stack.api.url, statusPublicUrl: `http://127.0.0.1:${port}` },
    });
    try {
      const service = await startService('status', { ...settings, DATABASE_URL: databaseUrl });
      await service.stop();
      return 'started';
    } catch (error) {
      assert.ok(error instanceof ServiceMisbehaved);
      return error.message;
    }
  };

  it('keeps a service from starting, which names the setting', async (t) => {
    if (missing !== undefined) return t.skip(missing);
    assert.match(
      await start(urlOf(unfit, 'status')),
      /does not keep prepared statements: set max_prepared_statements/,
    );
    assert.match(
      await start(urlOf(fit, 'status', '')),
      /reached through a pooler that cannot be used so/,
    );
    assert.equal(await start(urlOf(fit, 'status')), 'started');
  });

  it('is named by doctor; everything else needs the primary itself', async (t) => {
    if (missing !== undefined) return t.skip(missing);
    const program = fileURLToPath(new URL('../../packages/admin/dist/main.js', import.meta.url));
    const admin = (url: string, ...args: string[]) =>
      new Promise<string>((resolve) => {
        const env = { DATABASE_URL: url };
        execFile(process.execPath, [program, ...args], { env }, (_error, out, err) =>
          resolve(out + err),
        );
      });
    assert.match(
      await admin(urlOf(unfit, 'status'), 'doctor'),
      /set max_prepared_statements there/,
    );
    assert.match(
      await admin(urlOf(fit, 'status'), 'doctor'),
      /keeps prepared statements[\s\S]*needs a session of the primary itself/,
    );
    assert.match(await admin(urlOf(fit, 'worker'), 'job', 'list'), /leads to a pooler/);
    await assert.rejects(migrate({ databaseUrl: urlOf(fit, 'worker') }), {
      code: 'pooler-in-the-way',
    });
  });
});
