import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createPool } from '@kasabi/postgres';
import { projectRoot } from './paths.ts';
import { startPostgres } from './postgres.ts';
import { identify, signal } from './processes.ts';
import { startRedis } from './redis.ts';

describe('the servers of the local stack', () => {
  let folder = '';
  before(() => {
    const parent = path.join(projectRoot, '.test');
    mkdirSync(parent, { recursive: true, mode: 0o711 });
    folder = mkdtempSync(path.join(parent, 'servers-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function query(url: string, text: string): Promise<unknown[]> {
    const pool = createPool({ url, applicationName: 'servers-test', onIdleError: () => {} });
    try {
      return (await pool.query(text)).rows;
    } finally {
      await pool.end();
    }
  }

  it('Postgres keeps its data over a stop and over a kill, whatever its pid file says', async () => {
    const dir = path.join(folder, 'postgres');
    const password = 'a-password';
    const first = await startPostgres({ dir, password });
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    await query(first.url, 'CREATE TABLE public.kept AS SELECT 1 AS value');
    await assert.rejects(query(first.url.replace(password, 'wrong'), 'SELECT 1'), /password/);
    await first.stop();

    const second = await startPostgres({ dir, password });
    await query(second.url, 'INSERT INTO public.kept VALUES (2)');
    signal(second.pid, 'SIGKILL');
    await second.process.exited;

    // As if the killed server's pid now belonged to another program: this one.
    writeFileSync(path.join(dir, 'postmaster.pid'), `${process.pid}\n${dir}\n`);
    const third = await startPostgres({ dir, password });
    assert.deepEqual(await query(third.url, 'SELECT value FROM public.kept ORDER BY value'), [
      { value: 1 },
      { value: 2 },
    ]);
    const { pid } = third;
    await third.stop();
    assert.equal(identify(pid), undefined);
  });

  it('Postgres left running on the folder is ended first', async () => {
    const dir = path.join(folder, 'postgres');
    const left = await startPostgres({ dir, password: 'a-password' });
    const next = await startPostgres({ dir, password: 'a-password' });
    assert.equal(identify(left.pid), undefined);
    await next.stop();
  });

  it('Redis writes an append-only file, wants its password and ends with stop', async () => {
    const dir = path.join(folder, 'redis');
    const redis = await startRedis({ dir });
    assert.ok(statSync(path.join(dir, 'appendonlydir')).isDirectory());
    await assert.rejects(startRedis({ dir: path.join(folder, 'other'), port: redis.port }), /port/);
    await redis.stop();
    assert.equal(identify(redis.pid), undefined);
  });
});
