import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PostgresUnusable } from './errors.ts';
import { findPostgres } from './postgres-binary.ts';
import { choosePostgresUser, requireUserName } from './postgres-user.ts';

const isRoot = process.geteuid?.() === 0;

describe('the user to run Postgres as', () => {
  let folder = '';
  let dataDir = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'kasabi-user-'));
    chmodSync(folder, 0o711);
    dataDir = path.join(folder, 'data');
    mkdirSync(dataDir);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is this user, unless that is root: then nobody, or the owner of the data', async () => {
    const binaries = await findPostgres();
    if (!isRoot) return assert.equal(choosePostgresUser(binaries, dataDir), undefined);
    assert.deepEqual(choosePostgresUser(binaries, dataDir), {
      ...{ uid: 65_534, gid: 65_534 },
      reachesAll: false,
    });
    chownSync(dataDir, 12_345, 12_346);
    assert.deepEqual(choosePostgresUser(binaries, dataDir), {
      ...{ uid: 12_345, gid: 12_346 },
      reachesAll: false,
    });
  });

  it('reaches a folder that others may not enter, as below /root, or is told what to do', {
    skip: !isRoot && 'only root changes users',
  }, async () => {
    const binaries = await findPostgres();
    chmodSync(folder, 0o700);
    assert.equal(choosePostgresUser(binaries, dataDir)?.reachesAll, true);
    const refusal = /refuses to run as root.* cannot reach .*in folders that other users may enter/;
    assert.throws(
      () => choosePostgresUser({ ...binaries, root: path.join(folder, 'nowhere') }, dataDir),
      (error: unknown) => {
        assert.ok(error instanceof PostgresUnusable);
        assert.match(error.message, refusal);
        return true;
      },
    );
  });

  it('must have a name to make a data folder', () => {
    requireUserName();
    const nameless = (): never => {
      throw new Error('ENOENT: uv_os_get_passwd returned ENOENT');
    };
    assert.throws(() => requireUserName(nameless), /user without a name.*listed in \/etc\/passwd/);
  });
});
