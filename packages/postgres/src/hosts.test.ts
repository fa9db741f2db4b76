// Sessions on a primary and its standby, by what each says of itself.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort, startPostgres } from '@kasabi/local';
import { type PrivateServer, serverOf } from '@kasabi/test/support/private-servers';
import { startProxy } from '@kasabi/test/support/proxy';
import { type Standby, signalServer, startStandby } from '@kasabi/test/support/standby';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';
import type { SessionTarget } from './connection-url.ts';
import { HostUnsuitable, sicknessOf } from './errors.ts';
import { NoHostSuits } from './hosts.ts';
import { migrate } from './migrate.ts';
import { createPool, type PoolOptions } from './pool.ts';
import { createProbe } from './probe.ts';

let folder: string;
let password: string;
let primary: PrivateServer;
let standby: Standby;
let nobody: string;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'kasabi-hosts-'));
  chmodSync(folder, 0o711);
  const options = { dir: path.join(folder, 'primary'), ephemeral: true };
  const first = await startPostgres(options);
  password = new URL(first.url).password;
  primary = serverOf(first, options.dir, () =>
    startPostgres({ ...options, password, port: first.port }),
  );
  await migrate({ databaseUrl: primary.url });
  standby = await startStandby(primary, { folder: path.join(folder, 'standby') });
  nobody = `127.0.0.1:${await freePort()}`;
});
after(async () => {
  await standby?.stop();
  await primary?.stop();
  rmSync(folder, { recursive: true });
});

const at = ({ url }: PrivateServer): string => new URL(url).host;

const urlOf = (hosts: readonly string[], target?: SessionTarget): string =>
  `postgres://postgres:${password}@${hosts.join(',')}/postgres${target === undefined ? '' : `?target_session_attrs=${target}`}`;

/** Runs `work` with a pool, and ends it. */
async function withPool<T>(
  url: string,
  work: (pool: pg.Pool) => Promise<T>,
  options: Partial<PoolOptions> = {},
): Promise<T> {
  const pool = createPool({
    ...{ url, applicationName: 'hosts-test', max: 4, onIdleError: () => undefined },
    ...options,
  });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/** The port of the server that a pool's next session is on. */
const whereIs = async (pool: pg.Pool): Promise<string> => {
  const { rows } = await pool.query<{ port: string }>(`SELECT current_setting('port') AS port`);
  return `127.0.0.1:${rows[0]?.port}`;
};

describe('target_session_attrs', () => {
  it('chooses the host by what it says of itself, whatever the order and whoever is away', async () => {
    const [p, s] = [at(primary), at(standby)];
    for (const [target, expected] of [
      ['primary', p],
      ['read-write', p],
      ['standby', s],
      ['read-only', s],
      ['prefer-standby', s],
    ] as const) {
      for (const hosts of [
        [p, s],
        [s, p],
        [nobody, s, p],
        [p, nobody, s],
      ]) {
        assert.equal(
          await withPool(urlOf(hosts, target), whereIs),
          expected,
          `${target}: ${hosts}`,
        );
      }
    }
    assert.equal(await withPool(urlOf([s, p], 'any'), whereIs), s);
    assert.equal(await withPool(urlOf([nobody, p, s], 'any'), whereIs), p);
    assert.equal(await withPool(urlOf([nobody, p], 'prefer-standby'), whereIs), p);
  });

  it('is that of the pool unless the URL says', async () => {
    const hosts = [at(standby), at(primary)];
    assert.equal(await withPool(urlOf(hosts), whereIs), at(primary));
    assert.equal(await withPool(urlOf(hosts), whereIs, { target: 'any' }), at(standby));
    const preferPrimary = { target: 'prefer-primary' } as const;
    assert.equal(await withPool(urlOf(hosts), whereIs, preferPrimary), at(primary));
    assert.equal(await withPool(urlOf([nobody, at(standby)]), whereIs, preferPrimary), at(standby));
    assert.equal(await withPool(standby.url, whereIs, preferPrimary), at(standby));
  });

  it('names what each host was where none suits: the one that answered first', async () => {
    await assert.rejects(withPool(urlOf([nobody, at(standby)]), whereIs), (error) => {
      assert.ok(error instanceof NoHostSuits, String(error));
      assert.match(error.message, /is in recovery: a standby.*; connect ECONNREFUSED/);
      assert.equal(sicknessOf(error), 'in-recovery');
      return true;
    });
    await assert.rejects(withPool(standby.url, whereIs), (error) => {
      assert.ok(error instanceof HostUnsuitable);
      assert.equal(sicknessOf(error), 'in-recovery');
      return true;
    });
    await assert.rejects(withPool(urlOf([at(primary)], 'standby'), whereIs), (error) => {
      assert.equal(sicknessOf(error), 'not-a-standby');
      return true;
    });
    await assert.rejects(migrate({ databaseUrl: standby.url }), HostUnsuitable);
  });

  it('leaves a server that was made read-only, with the sessions it has there', async () => {
    const url = urlOf([at(primary), nobody], 'read-write');
    const turn = (value: string) =>
      withPool(primary.url, async (pool) => {
        await pool.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
        await pool.query('SELECT pg_reload_conf()');
      });
    await withPool(url, async (pool) => {
      assert.equal(await whereIs(pool), at(primary));
      await turn('on');
      try {
        // It only reads, so no statement fails; the server says by itself that it has changed.
        await waitFor(
          () =>
            whereIs(pool).then(
              () => false,
              (error) => sicknessOf(error) === 'read-only',
            ),
          { what: 'the sessions to be left', timeoutMs: 10_000 },
        );
      } finally {
        await turn('off');
      }
      assert.equal(await whereIs(pool), at(primary));
    });
  });
});

it('a server that does not say what it is, as behind a pooler, is asked', async () => {
  // Two names of the same length: the message stays well-formed.
  const proxy = await startProxy(Number(new URL(primary.url).port), (data) =>
    Buffer.from(data.toString('latin1').replaceAll('in_hot_standby', 'in_hot_unknown'), 'latin1'),
  );
  const silent = `127.0.0.1:${proxy.port}`;
  try {
    await withPool(urlOf([at(standby), silent]), async (pool) => {
      assert.equal(await whereIs(pool), at(primary));
    });
    await withPool(urlOf([silent], 'standby'), async (pool) => {
      await assert.rejects(whereIs(pool), HostUnsuitable);
    });
  } finally {
    proxy.close();
  }
});

it('a primary that is frozen is left when the standby is promoted, with all that waits for it', async () => {
  const url = urlOf([at(primary), at(standby)]);
  const probe = createProbe({
    ...{ url, applicationName: 'hosts-test-probe', writes: true, pools: [] },
  });
  try {
    await withPool(url, async (pool) => {
      // More than one session, and one that works for long: none has a time limit of its own.
      const long = pool.query('SELECT pg_sleep(300)');
      assert.equal(await whereIs(pool), at(primary));
      assert.equal(await probe.check(), undefined);
      signalServer(primary.pid(), 'SIGSTOP');
      const waiting = assert.rejects(whereIs(pool), (error) => sicknessOf(error) === 'unreachable');
      const working = assert.rejects(long, (error) => sicknessOf(error) === 'unreachable');
      await waitFor(async () => (await probe.check())?.state === 'in-recovery', {
        what: 'no primary to be found',
        timeoutMs: 15_000,
      });
      await standby.promote();
      const begun = performance.now();
      await Promise.all([waiting, working]);
      assert.equal(await whereIs(pool), at(standby));
      assert.ok(performance.now() - begun < 6_000, `${performance.now() - begun} ms`);
      assert.equal(await probe.check(), undefined);
    });
  } finally {
    signalServer(primary.pid(), 'SIGCONT');
    await probe.close();
  }
});
