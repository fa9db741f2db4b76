// Actions at the command line leave a row in the audit; and the lists of owners and keys.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openCommands } from '../test/commands.ts';

const quad = '<http://e.org/s> <http://e.org/p> "o" .\n';
const { pool, admin, json, fails, file, close } = await openCommands();
after(close);

test('owners and keys are listed, without anything to use a key by', async () => {
  await admin('owner', 'create', 'cnsa');
  await admin('dataset', 'create', 'tianwen', '--owner', 'cnsa');
  const one = await json<{ keyId: number; secret: string }>('key', 'issue', 'cnsa');
  const two = await json<{ keyId: number }>('keys', 'issue', 'cnsa');
  await admin('key', 'revoke', String(one.keyId), '--yes');
  const owners = await json<Record<string, unknown>[]>('owner', 'list');
  const cnsa = owners.find(({ name }) => name === 'cnsa');
  assert.deepEqual([cnsa?.['datasets'], cnsa?.['keys']], [1, 1]);
  const keys = await json<Record<string, unknown>[]>('key', 'list', '--owner', 'cnsa');
  assert.deepEqual(
    keys.map(({ keyId, owner, revoked }) => [keyId, owner, revoked !== null]),
    [
      [one.keyId, 'cnsa', true],
      [two.keyId, 'cnsa', false],
    ],
  );
  for (const key of keys) {
    assert.deepEqual(Object.keys(key), ['keyId', 'owner', 'created', 'revoked']);
  }
  const valid = await admin('key', 'list', '--owner', 'cnsa', '--valid');
  assert.match(valid.out, new RegExp(`^KEY +OWNER .*\n${two.keyId} +cnsa +\\S+Z +no\n$`));
  assert.match((await admin('owners', 'list')).out, /^OWNER .*\n(.*\n)*cnsa +\S+Z +1 +1\n/);
  await fails(1, /There is no owner "nobody"/, 'key', 'list', '--owner', 'nobody');
});

test('everything that changes something is audited, refusals as well, and no key is in it', async () => {
  const source = file('audited.nt', quad);
  await admin('owner', 'create', 'kari');
  await admin('owner', 'create', 'kari');
  const { keyId, secret } = await json<{ keyId: number; secret: string }>('key', 'issue', 'kari');
  await admin('key', 'revoke', String(keyId), '--yes');
  await admin('key', 'revoke', String(keyId), '--yes');
  await admin('key', 'issue', 'nobody');
  await admin('dataset', 'create', 'danuri', '--owner', 'kari');
  await admin('dataset', 'create', 'danuri', '--owner', 'kari');
  await admin('dataset', 'load', 'danuri', source);
  await admin('dataset', 'load', 'danuri', file('audited.xml', ''));
  await admin('dataset', 'load', 'no-such', source);
  await admin('dataset', 'publish', 'danuri');
  await admin('dataset', 'unlock', 'danuri');
  const { rows } = await pool.query<{ row: string }>(
    `SELECT concat_ws(' ', action, outcome, d.code, a.subject, a.detail) AS row, a::text AS whole
     FROM kasabi.operator_action a LEFT JOIN kasabi.dataset d ON d.id = a.dataset_id
     ORDER BY a.id DESC LIMIT 13`,
  );
  assert.deepEqual(rows.map(({ row }) => row).toReversed(), [
    'owner-create done kari',
    'owner-create owner-exists kari',
    `key-issue done key ${keyId} of kari`,
    `key-revoke done key ${keyId}`,
    `key-revoke key-unknown key ${keyId}`,
    'key-issue owner-unknown nobody',
    'dataset-create done danuri for the owner kari',
    'dataset-create dataset-exists danuri for the owner kari',
    'dataset-load done danuri 1 quads of audited.nt',
    'dataset-load rdf-format-unknown danuri audited.xml',
    'dataset-load dataset-unknown no-such audited.nt',
    'dataset-publish done danuri',
    'unlock not-locked danuri',
  ]);
  assert.ok(!JSON.stringify(rows).includes(secret));
});
