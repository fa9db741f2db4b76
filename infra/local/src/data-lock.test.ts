import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { acquireDataLock, lockHolder } from './data-lock.ts';
import { DataFolderInUse } from './errors.ts';
import { endLeftovers } from './leftovers.ts';
import { manageChild } from './managed-process.ts';
import { identify, isRunning } from './processes.ts';
import { waitUntil } from './wait-until.ts';

describe('the lock of a data folder', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'kasabi-lock-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is held by one at a time and leaves no file behind', async () => {
    const lock = await acquireDataLock(folder);
    assert.equal(lockHolder(folder)?.pid, process.pid);
    await assert.rejects(acquireDataLock(folder), (error: unknown) => {
      assert.ok(error instanceof DataFolderInUse);
      assert.match(error.message, new RegExp(`pid ${process.pid}.*DATA_DIR=`));
      return true;
    });
    await lock.release();
    assert.equal(existsSync(lock.file), false);
    await (await acquireDataLock(folder)).release();
  });

  it('goes to one of many that ask at once', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 10 }, () => acquireDataLock(folder)),
    );
    const got = asked.filter((it) => it.status === 'fulfilled');
    assert.equal(got.length, 1);
    await got[0]?.value.release();
  });

  it('is taken over from a holder that was killed, with what it had started', async () => {
    const script = `
      const { acquireDataLock } = await import(${JSON.stringify(import.meta.resolve('./data-lock.ts'))});
      const { startProcess } = await import(${JSON.stringify(import.meta.resolve('./managed-process.ts'))});
      const lock = await acquireDataLock(${JSON.stringify(folder)});
      const child = await startProcess({ name: 'api', command: 'sleep', args: ['600'], env: process.env,
        logFile: ${JSON.stringify(path.join(folder, 'log'))}, onSpawn: lock.record });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const flags = ['--conditions=kasabi-source', '--input-type=module'];
    const holder = spawn(process.execPath, [...flags, '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const sleeper = Number(await new Promise((resolve) => holder.stdout.once('data', resolve)));
    await assert.rejects(acquireDataLock(folder), DataFolderInUse);
    await manageChild('holder', holder)?.stop([['SIGKILL', 5_000]]);

    const lock = await acquireDataLock(folder);
    assert.deepEqual(
      lock.leftovers.map(({ name, pid }) => ({ name, pid })),
      [{ name: 'api', pid: sleeper }],
    );
    await endLeftovers(lock.leftovers, () => {});
    assert.ok(await waitUntil(() => identify(sleeper) === undefined, { timeoutMs: 2_000 }));
    await lock.release();
  });

  it('leaves alone a process that has got the pid of one that ended', async () => {
    const other = spawn('sleep', ['600'], { stdio: 'ignore' });
    const managed = manageChild('other', other);
    assert.ok(managed !== undefined);
    writeFileSync(
      path.join(folder, 'stack.lock'),
      JSON.stringify({
        holder: { pid: process.pid, started: 'another boot/1' },
        since: 'before',
        children: [{ name: 'api', pid: managed.pid, started: 'another boot/2' }],
      }),
    );
    const lock = await acquireDataLock(folder);
    assert.deepEqual(lock.leftovers, []);
    assert.ok(isRunning(managed.identity));
    await lock.release();
    await managed.stop([['SIGKILL', 5_000]]);
  });
});
