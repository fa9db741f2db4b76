// Commands that ask before they act: on a terminal, which `script` provides, and without one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { digestKey, issueKey } from '@kasabi/accounts';
import { type Dataset, lockDataset, quadsTable } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { waitFor } from '@kasabi/test/support/wait-for';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
let fixture: Fixture;
let dataset: Dataset;
let env: NodeJS.ProcessEnv;

before(async () => {
  fixture = await createFixture();
  env = { DATABASE_URL: fixture.database.url };
});

after(() => fixture.close());

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function admin(...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [program, ...args], { env, stdio: 'pipe' });
  // Input that an operator's script might pipe in is not an answer.
  child.stdin.on('error', () => undefined).end('y\n');
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

/** Runs a command on a terminal of its own and types the answer to its question. */
async function onTerminal(answer: string, ...args: string[]): Promise<Run> {
  const command = [process.execPath, program, ...args].join(' ');
  const child = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], { env, stdio: 'pipe' });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await waitFor(() => out.includes('[y/N] '), { what: 'the question' });
  child.stdin.write(answer);
  const code = await ended;
  child.stdin.destroy();
  return { code, out, err: '' };
}

/** A failed job of a dataset with two quads. */
async function failedJob(): Promise<string> {
  dataset = await fixture.addDataset();
  const jobId = await fixture.accept(dataset);
  await fixture.admin.query(
    `UPDATE kasabi.job SET status = 'failed', reason = 'error', message = 'no', end_time = now()
     WHERE id = $1`,
    [jobId],
  );
  const table = quadsTable(dataset.id);
  await fixture.admin.query(`INSERT INTO ${table} VALUES ('s', 'p', 'o'), ('s', 'p', 'o2')`);
  return jobId;
}

const jobsOf = async (): Promise<number> =>
  (await fixture.admin.query('SELECT FROM kasabi.job WHERE dataset_id = $1', [dataset.id]))
    .rowCount ?? 0;

const consequence = (): RegExp =>
  new RegExp(
    `This repeats the job [0-9a-f-]{36}, which failed at \\S+Z: at once, it deletes all data of the dataset ${dataset.code} of nasa \\(2 quads, draft\\)`,
  );

test('without a terminal nothing is done, and what would be is said', async () => {
  const jobId = await failedJob();
  for (const json of [[], ['--json']]) {
    const { code, out, err } = await admin('job', 'retry', jobId, ...json);
    assert.deepEqual([code, out], [4, '']);
    assert.match(err, consequence());
    assert.match(err, /\nThere is no terminal to ask on, so nothing was changed; give --yes /);
  }
  assert.equal(await jobsOf(), 1);
});

test('on a terminal it is done after y or yes, and after nothing else', async () => {
  const jobId = await failedJob();
  for (const answer of ['n\r', '\r', 'yep\r', '\u0004', '\u0003']) {
    const { code, out } = await onTerminal(answer, 'job', 'retry', jobId);
    assert.equal(code, 4, JSON.stringify(answer));
    assert.match(out, consequence());
    assert.match(out, /Nothing was changed\.\r?\n$/);
  }
  assert.equal(await jobsOf(), 1);
  const { code, out } = await onTerminal('y\r', 'job', 'retry', jobId);
  assert.equal(code, 0, out);
  assert.match(out, /repeats it; it is due at once\.\r?\n$/);
  assert.equal(await jobsOf(), 2);
  const other = await failedJob();
  assert.equal((await onTerminal('YES\r', 'job', 'retry', other)).code, 0);
});

test('every command that cannot be undone says what it does, and does nothing unasked', async () => {
  const failed = await failedJob();
  const { keyId, secret } = await issueKey(fixture.admin, 'nasa');
  const later = await fixture.accept(dataset, 3_600_000);
  const lock = { datasetId: dataset.id, jobId: failed, timeoutMs: 1_000 };
  await withTransaction(fixture.worker, (client) => lockDataset(client, lock));
  const commands: readonly (readonly [args: string[], said: RegExp])[] = [
    [['job', 'retry', failed], consequence()],
    [
      ['job', 'cancel', later],
      /^This cancels the reset of the dataset \S+ of nasa, set for \S+Z: /,
    ],
    [
      ['key', 'revoke', String(keyId)],
      /^This revokes the key \d+ of nasa: requests with it are ref/,
    ],
    [['dataset', 'unlock', dataset.code], /^This makes the dataset .* by the job .* is failed\.\n/],
  ];
  const state = async (): Promise<unknown> => {
    const { rows } = await fixture.admin.query(
      `SELECT (SELECT jsonb_agg(to_jsonb(j) ORDER BY id) FROM kasabi.job j) AS jobs,
              (SELECT jsonb_agg(to_jsonb(d) ORDER BY id) FROM kasabi.dataset d) AS datasets,
              (SELECT revoked FROM kasabi.api_key WHERE digest = $1) AS revoked`,
      [digestKey(secret)],
    );
    return rows;
  };
  const before = await state();
  for (const [args, said] of commands) {
    const { code, out, err } = await admin(...args);
    assert.deepEqual([code, out], [4, ''], args.join(' '));
    assert.match(err, said);
    assert.deepEqual(await state(), before, args.join(' '));
    const help = await admin(...args.slice(0, 2), '--help');
    assert.match(help.out, /-y, --yes +act without asking; needed where/);
  }
  for (const [args] of commands) {
    const { code, err } = await admin(...args, '--yes');
    assert.deepEqual([code, err], [0, ''], args.join(' '));
  }
});

test('what is refused anyway is refused without a question', async () => {
  const jobId = await failedJob();
  assert.equal((await admin('job', 'retry', jobId, '--yes')).code, 0);
  for (const args of [
    ['job', 'retry', jobId],
    ['job', 'cancel', jobId],
    ['key', 'revoke', '999999'],
    ['dataset', 'unlock', dataset.code],
  ]) {
    const { code, err } = await admin(...args);
    assert.equal(code, 1, args.join(' '));
    assert.doesNotMatch(err, /--yes/);
  }
});
