// What `npm start` runs, as a newcomer finds it: killed processes come back, and nothing of the shell's or
// for other hosts gets in.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  commandLine,
  freePort,
  identify,
  isReady,
  projectRoot,
  type ServiceName,
} from '@kasabi/local';
import pg from 'pg';
import { environment } from '../support/env.ts';
import { waitFor } from '../support/index.ts';
import { listeners } from './support/listeners.ts';

/** Meant for servers elsewhere; each of these alone would keep the stack from its own. */
const ofTheShell = {
  PGSSLMODE: 'require',
  PGHOST: 'nowhere.invalid',
  PGPORT: '1',
  PGOPTIONS: '-c no_such_setting=1',
  PGPASSFILE: '/nowhere',
  PGSERVICE: 'nowhere',
  PGTARGETSESSIONATTRS: 'standby',
  REDIS_HOST: 'nowhere.invalid',
  REDIS_PASSWORD: 'wrong',
  NODE_OPTIONS: '--no-warnings',
};

describe('the local stack', () => {
  let folder = '';
  let lines: string[] = [];
  let stack: ReturnType<typeof spawn>;
  let exited: Promise<number | null>;
  let ports: Record<ServiceName, number>;

  before(async () => {
    const parent = path.join(projectRoot, '.test');
    mkdirSync(parent, { recursive: true, mode: 0o711 });
    folder = mkdtempSync(path.join(parent, 'local-'));
    ports = {
      ...{ api: await freePort(), status: await freePort(), worker: await freePort() },
      operations: await freePort(),
    };
    const program = pathToFileURL(path.join(projectRoot, 'infra/local/dist/start.js')).href;
    const { PATH, HOME, TEST_RUN_ID } = environment();
    stack = spawn(process.execPath, ['-e', `import('${program}').then((it) => it.start())`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH, HOME, TEST_RUN_ID, ...ofTheShell, DATA_DIR: folder },
        API_PORT: String(ports.api),
        STATUS_PORT: String(ports.status),
        WORKER_PORT: String(ports.worker),
        OPERATIONS_PORT: String(ports.operations),
      },
    });
    lines = [];
    for (const stream of [stack.stdout, stack.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => lines.push(line));
    }
    exited = new Promise((resolve) => stack.once('exit', resolve));
    await said(/Ctrl-C stops everything/, 60_000);
  });
  after(async () => {
    stack?.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });

  async function said(pattern: RegExp, timeoutMs = 30_000): Promise<string> {
    const found = await waitFor(() => lines.find((it) => pattern.test(it)), {
      what: `a line like ${pattern}`,
      timeoutMs,
    }).catch((error: Error) => assert.fail(`${error.message}; there is:\n${lines.join('\n')}`));
    return found;
  }

  const pids = (): Map<string, number> => {
    const lock = JSON.parse(readFileSync(path.join(folder, 'stack.lock'), 'utf8'));
    const children: { name: string; pid: number }[] = lock.children;
    return new Map(children.map(({ name, pid }) => [name, pid]));
  };
  const serves = (): Promise<unknown> =>
    waitFor(
      async () =>
        (
          await Promise.all(
            Object.values(ports).map((it) => isReady(`http://127.0.0.1:${it}/readyz`)),
          )
        ).every(Boolean),
      { what: 'all services to be ready', timeoutMs: 30_000 },
    );

  it('listens on loopback only', async () => {
    await serves();
    const found = [...pids().values()].flatMap(listeners);
    assert.ok(found.length >= 6, `${found}`);
    for (const address of found) assert.match(address, /^127\.0\.0\.1:\d+$/);
  });

  it('passes nothing on that the shell says to other programs', () => {
    for (const [name, pid] of pids()) {
      const given = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const foreign = given.filter((it) =>
        Object.keys(ofTheShell).includes(it.split('=')[0] ?? ''),
      );
      assert.deepEqual(foreign, [], name);
    }
  });

  for (const name of ['worker', 'api', 'status', 'operations', 'redis', 'postgres']) {
    it(`starts ${name} again when it is killed, where it was`, async () => {
      const pid = pids().get(name) ?? assert.fail(name);
      const where = listeners(pid);
      lines.length = 0;
      process.kill(pid, 'SIGKILL');
      const why = await said(new RegExp(`^${name} \\(pid ${pid}\\) was ended by SIGKILL`));
      assert.match(why, /; starting it again in [\d.]+ s$/);
      const up = await said(new RegExp(`^${name} is up again`));
      const next = pids().get(name) ?? 0;
      assert.equal(up, `${name} is up again (pid ${next})`);
      assert.notEqual(next, pid);
      assert.deepEqual(listeners(next), where);
      await serves();
    });
  }

  it('has kept its data through all that', async () => {
    const { databaseUrl } = JSON.parse(readFileSync(path.join(folder, 'state.json'), 'utf8'));
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client.query('SELECT code FROM kasabi.dataset ORDER BY code');
    await client.end();
    assert.deepEqual(rows, [{ code: 'dbo' }, { code: 'schema' }]);
  });

  it('ends in order when it is told to while a process is on its way back', async () => {
    const before = pids();
    lines.length = 0;
    for (const name of ['postgres', 'worker']) process.kill(before.get(name) ?? 0, 'SIGKILL');
    await said(/^postgres .* starting it again/);
    stack.kill('SIGTERM');
    assert.equal(await exited, 0, lines.join('\n'));
    assert.equal(lines.at(-1), 'Stopped.');
    for (const pid of before.values()) assert.equal(identify(pid), undefined, commandLine(pid));
  });
});
