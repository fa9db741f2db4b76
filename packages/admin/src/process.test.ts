// The command line as the process that operators start.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { countQuads } from '@kasabi/datasets';
import { roleUrl } from '@kasabi/postgres';
import { waitFor } from '@kasabi/test/support';
import { openCommands } from '../test/commands.ts';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const { database, pool, admin, file, close } = await openCommands();
after(close);

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

const quad = '<http://e.org/s> <http://e.org/p> "o" .\n';

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
