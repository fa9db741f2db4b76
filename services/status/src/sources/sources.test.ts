// Reads of a standby and its primary.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { type Access, authorizeAll } from '@kasabi/accounts';
import { startPostgres } from '@kasabi/local';
import { createPool, hasSqlState, migrate } from '@kasabi/postgres';
import { type PrivateServer, serverOf } from '@kasabi/test/support/private-servers';
import { type Standby, startStandby } from '@kasabi/test/support/standby';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';
import { createBatchedReader } from './batched.ts';
import { readFresh, type Sources } from './sources.ts';
import { createStanding, type Standing } from './standing.ts';

let folder: string;
let primary: PrivateServer;
let standby: Standby;
let pool: pg.Pool;
let freshPool: pg.Pool;
let standing: Standing;
let sources: Sources;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'kasabi-sources-'));
  chmodSync(folder, 0o711);
  const dir = path.join(folder, 'primary');
  const server = await startPostgres({ dir, ephemeral: true });
  primary = serverOf(server, dir, () => Promise.reject(new Error('not started again')));
  await migrate({ databaseUrl: primary.url });
  standby = await startStandby(primary, {
    folder: path.join(folder, 'standby'),
    settings: { max_standby_streaming_delay: '0' },
  });
  const common = { applicationName: 'sources-test', onIdleError: () => undefined };
  pool = createPool({ ...common, url: standby.url, target: 'standby' });
  freshPool = createPool({ ...common, url: primary.url });
  const options = { standby: pool, primary: freshPool, maxLagMs: 5_000, onError: () => undefined };
  standing = createStanding(options);
  standing.loop.start();
  sources = { pool, fresh: { pool: freshPool, standing } };
  await waitFor(() => !standing.isBehind, { what: 'the standby to have caught up' });
});
after(async () => {
  await standing?.loop.stop();
  await Promise.all([pool?.end(), freshPool?.end()]);
  await standby?.stop();
  await primary?.stop();
  rmSync(folder, { recursive: true });
});

it('a standby of an idle primary is not behind, however long nothing is written', async () => {
  const { asOf } = standing;
  await waitFor(() => standing.asOf > asOf + 1_000, { what: 'a second to pass' });
  assert.ok((standing.lagMs ?? Number.NaN) < 500, `${standing.lagMs} ms`);
});

it('what a standby has to cancel for its recovery is asked of the primary', async () => {
  let refused: unknown;
  const reading = readFresh(sources, {
    usual: () =>
      pool.query('SELECT pg_sleep(30), count(*) FROM kasabi.dataset').catch((error) => {
        refused = error;
        throw error;
      }),
    instead: () => freshPool.query('SELECT 1 AS one'),
    doubted: () => assert.fail('it was not answered'),
    isCertain: () => true,
  });
  await waitFor(
    async () => {
      await freshPool.query('BEGIN; LOCK TABLE kasabi.dataset IN ACCESS EXCLUSIVE MODE; COMMIT');
      return refused !== undefined;
    },
    { what: 'the conflict', everyMs: 100 },
  );
  assert.ok(hasSqlState(refused, '40001'), String(refused));
  const { result, knownAt } = await reading;
  assert.deepEqual(result.rows, [{ one: 1 }]);
  assert.ok(knownAt > 0);
});

it('made-up keys cost the primary one statement at a time, however many there are', async () => {
  let [atOnce, most, statements] = [0, 0, 0];
  const reader = createBatchedReader<Access, string>(sources, {
    name: 'test',
    async run(db, items) {
      if (db === freshPool) {
        statements += 1;
        most = Math.max(most, ++atOnce);
      }
      const found = await authorizeAll(db, items);
      if (db === freshPool) atOnce -= 1;
      return found.map(({ outcome }) => outcome);
    },
    maxConcurrent: 4,
    isCertain: (_item, outcome) => outcome === 'owner',
  });
  const begun = performance.now();
  const answers: string[] = [];
  while (performance.now() - begun < 1_000) {
    const asked = Array.from({ length: 20 }, () =>
      reader.read({ keyDigest: Buffer.alloc(32, Math.random() * 256), datasetCode: 'nasa' }),
    );
    answers.push(...(await Promise.all(asked)).map(({ result }) => result));
  }
  const seconds = (performance.now() - begun) / 1_000;
  assert.ok(answers.length > 100 && answers.every((it) => it === 'refused'), `${answers.length}`);
  assert.equal(most, 1);
  assert.ok(statements <= seconds * 40 + 1, `${statements} statements in ${seconds} s`);
});
