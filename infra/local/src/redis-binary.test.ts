import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { RedisMissing } from './errors.ts';
import { findRedis } from './redis-binary.ts';

describe('the choice of a Redis server', () => {
  let folder = '';
  let cacheDir = '';
  let searchPath = '';
  const log = (): void => {};
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'kasabi-redis-'));
    cacheDir = path.join(folder, 'cache');
    searchPath = path.join(folder, 'bin');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function program(file: string, exitCode = 0): string {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\nexit ${exitCode}\n`, { mode: 0o755 });
    return file;
  }

  it('prefers redis-server on the PATH, then valkey-server', async () => {
    const valkey = program(path.join(searchPath, 'valkey-server'));
    assert.deepEqual(await findRedis({ log, cacheDir, searchPath }), { file: valkey });
    const redis = program(path.join(searchPath, 'redis-server'));
    assert.deepEqual(await findRedis({ log, cacheDir, searchPath }), { file: redis });
  });

  it('uses one that was unpacked earlier, with its libraries', async () => {
    const root = path.join(cacheDir, `redis-${process.arch}`);
    const file = program(path.join(root, 'usr/bin/redis-server'));
    program(path.join(root, 'usr/lib/somewhere/deeper/libsome.so.1'));
    mkdirSync(path.join(root, 'usr/lib/empty'));
    const found = await findRedis({ log, cacheDir, searchPath });
    assert.equal(found.file, file);
    assert.equal(found.libraryPath, path.join(root, 'usr/lib/somewhere/deeper'));
  });

  it('uses neither a half-done nor a broken one, and says what to do without apt', async () => {
    program(path.join(cacheDir, `redis-${process.arch}.123.new`, 'usr/bin/redis-server'));
    await assert.rejects(findRedis({ log, cacheDir, searchPath }), RedisMissing);
    program(path.join(cacheDir, `redis-${process.arch}`, 'usr/bin/redis-server'), 127);
    await assert.rejects(findRedis({ log, cacheDir, searchPath }), (error: unknown) => {
      assert.ok(error instanceof RedisMissing);
      assert.match(error.message, /Install Redis .* set REDIS_URL/);
      return true;
    });
  });
});
