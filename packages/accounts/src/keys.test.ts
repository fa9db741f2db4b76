import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDataset } from '@kasabi/datasets';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import type pg from 'pg';
import { authorize } from './authorize.ts';
import { OwnerExists, OwnerUnknown } from './errors.ts';
import { digestKey, generateKey, issueKey, revokeKey } from './keys.ts';
import { createOwner } from './owners.ts';

let database: TestDatabase;
let pool: pg.Pool;

before(async () => {
  database = await createDatabase();
  pool = database.pool();
  for (const owner of ['nasa', 'esa']) {
    await createOwner(pool, owner);
    await createDataset(pool, { code: owner, owner });
  }
});

after(async () => {
  await database.close();
});

const ask = async (secret: string, datasetCode: string | undefined) => {
  const access = { keyDigest: digestKey(secret), datasetCode };
  return (await authorize(database.pool('api'), access)).outcome;
};

test('a key is valid for its owner’s datasets, and for others only says that it is refused', async () => {
  const { secret } = await issueKey(pool, 'nasa');
  assert.equal(await ask(secret, 'nasa'), 'owner');
  assert.equal(await ask(secret, 'esa'), 'refused');
  assert.equal(await ask(secret, 'nowhere'), 'dataset-unknown');
  assert.equal(await ask(secret, undefined), 'dataset-unknown');
});

test('without a valid key, a client learns nothing, not even whether a dataset exists', async () => {
  const revoked = await issueKey(pool, 'nasa');
  await revokeKey(pool, revoked.keyId);
  for (const secret of ['', 'made up', `${revoked.secret}x`, revoked.secret]) {
    for (const dataset of ['nasa', 'esa', 'nowhere', '', undefined]) {
      assert.equal(await ask(secret, dataset), 'refused', `${secret} ${dataset}`);
    }
  }
});

test('an owner may have several keys; revoking one leaves the others', async () => {
  const [one, two] = [await issueKey(pool, 'esa'), await issueKey(pool, 'esa')];
  assert.notEqual(one.secret, two.secret);
  assert.equal(await revokeKey(pool, one.keyId), true);
  assert.equal(await revokeKey(pool, one.keyId), false);
  assert.equal(await revokeKey(pool, 999_999), false);
  assert.deepEqual(
    [await ask(one.secret, 'esa'), await ask(two.secret, 'esa')],
    ['refused', 'owner'],
  );
});

test('a key is stored as its digest alone', async () => {
  const { secret } = await issueKey(pool, 'nasa');
  const { rows } = await pool.query<{ row: string }>('SELECT k::text AS row FROM kasabi.api_key k');
  assert.ok(rows.length > 0);
  for (const { row } of rows) assert.ok(!row.includes(secret) && !row.includes(secret.slice(7)));
});

test('a key carries 256 random bits and is safe in a header and in a URL', () => {
  const keys = Array.from({ length: 1_000 }, generateKey);
  assert.equal(new Set(keys).size, keys.length);
  for (const key of keys) assert.match(key, /^kasabi_[\w-]{43}$/);
});

test('a given key is issued once, however often that is requested', async () => {
  const first = await issueKey(pool, 'nasa', { secret: 'a given key' });
  assert.deepEqual(await issueKey(pool, 'nasa', { secret: 'a given key' }), first);
  assert.equal(await ask('a given key', 'nasa'), 'owner');
});

test('a key that is another owner’s is not handed over', async () => {
  await issueKey(pool, 'nasa', { secret: 'of nasa' });
  await assert.rejects(issueKey(pool, 'esa', { secret: 'of nasa' }));
  assert.deepEqual(
    [await ask('of nasa', 'nasa'), await ask('of nasa', 'esa')],
    ['owner', 'refused'],
  );
});

test('there is no key for an unknown owner, and no second owner with the same name', async () => {
  await assert.rejects(issueKey(pool, 'nobody'), OwnerUnknown);
  await assert.rejects(createOwner(pool, 'nasa'), OwnerExists);
});
