// What `npm test` runs: lint, build, then every test on a private Postgres and Redis, then a look at what
// the tests left behind. `npm test -- WORD …` runs the test files whose path holds a word, without lint.
// `--unit` leaves out what needs a server or starts a process, and starts nothing but the tests.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { forgetShellSettings, projectRoot } from '@kasabi/local';
import { environment } from './support/env.ts';
import { endLeftProcesses } from './support/left-processes.ts';
import { startServers, type TestServers } from './support/servers.ts';
import { findTestFiles } from './support/test-files.ts';
import { isUnitTest } from './support/unit-tests.ts';

/** Counts of a run, as `support/run-files.ts` writes them. */
interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** Loaded into the test files that may send statements. */
const recorder = path.join(projectRoot, 'test/statements/record.ts');

/** Compares the statements that the tests have sent with the types of the sources. */
const statementsTest = 'test/statements/statements.test.ts';

forgetShellSettings(true);
const runId = `run-${process.pid}-${randomBytes(4).toString('hex')}`;
const stopping = new AbortController();
let child: ReturnType<typeof spawn> | undefined;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stopping.abort();
    endGroup('SIGTERM');
  });
}

function endGroup(signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

/** Runs a command in a process group of its own, its output on ours; resolves to its exit code. */
async function run(command: string, args: readonly string[], env = environment()): Promise<number> {
  stopping.signal.throwIfAborted();
  const started = spawn(command, args, {
    cwd: projectRoot,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  });
  child = started;
  const code = await new Promise<number>((resolve, reject) => {
    started.once('error', reject);
    started.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  endGroup('SIGKILL');
  child = undefined;
  return code;
}

const bin = (name: string): string => path.join(projectRoot, 'node_modules', '.bin', name);

/** Runs test files, so many at a time, in this environment; `folder` is for what the run itself writes. */
async function runTests(
  folder: string,
  files: readonly string[],
  concurrency: number,
  env: NodeJS.ProcessEnv,
): Promise<Totals> {
  const totalsFile = path.join(folder, 'totals.json');
  const support = path.join(projectRoot, 'test', 'support');
  const code = await run(
    process.execPath,
    [
      ...['--conditions=kasabi-source', '--import', path.join(support, 'watch-test-file.ts')],
      ...(env['RECORDED_STATEMENTS'] ? ['--import', recorder] : []),
      ...[path.join(support, 'run-files.ts'), String(concurrency), totalsFile, ...files],
    ],
    // Hundreds of processes load the same modules.
    { ...environment(), NODE_COMPILE_CACHE: path.join(projectRoot, '.cache', 'compiled'), ...env },
  );
  const totals: Totals = JSON.parse(readFileSync(totalsFile, 'utf8'));
  // An exit code that the totals do not explain is a failure of its own.
  return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}

/** Describes, and ends, what the tests left behind. */
async function findLeaks(servers: TestServers): Promise<string[]> {
  // One that was told to stop by the last test may need a moment.
  return [...(await endLeftProcesses(runId, 2_000)), ...(await servers.openConnections())];
}

function add(totals: Totals, { passed, failed, skipped }: Totals): void {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
}

const isInTest = (file: string): boolean => file.startsWith('test/');

async function runUnitTests(files: readonly string[]): Promise<Totals> {
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-unit-'));
  // Those in `test` first: they compute most, and most others wait.
  const inOrder = [...files].sort((a, b) => Number(isInTest(b)) - Number(isInTest(a)));
  try {
    return await runTests(folder, inOrder, 3 * availableParallelism(), {});
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<Totals> {
  const { values, positionals: filters } = parseArgs({
    options: { unit: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const found = findTestFiles(projectRoot, filters);
  const files = values.unit ? found.filter((file) => isUnitTest(projectRoot, file)) : found;
  const nothing = { passed: 0, failed: 1, skipped: 0 };
  if (files.length === 0) {
    say(`No ${values.unit ? 'unit ' : ''}test file's path holds ${filters.join(' or ')}.`);
    return nothing;
  }
  if (values.unit) return await runUnitTests(files);
  if (filters.length === 0) {
    say('Lint and format (biome check)');
    if ((await run(bin('biome'), ['check', '--error-on-warnings', '.'])) !== 0) return nothing;
  }
  say('Build and type check (tsc -b)');
  if ((await run(bin('tsc'), ['-b'])) !== 0) return nothing;
  const servers = await startServers(runId, say, stopping.signal);
  try {
    const recorded = path.join(servers.folder, 'statements');
    writeFileSync(recorded, '');
    const env = {
      TEST_DATABASE_URL: servers.databaseUrl,
      TEST_REDIS_URL: servers.redisUrl,
      TEST_RUN_ID: runId,
      RECORDED_STATEMENTS: recorded,
      ...(filters.length === 0 && { ALL_TESTS_RAN: '1' }),
    };
    // No more than there are processors: what many of them hold is a time, which others would take from them.
    const totals = await runTests(servers.folder, files, availableParallelism(), env);
    if (statSync(recorded).size > 0)
      add(totals, await runTests(servers.folder, [statementsTest], 1, env));
    const leaks = stopping.signal.aborted ? [] : await findLeaks(servers);
    for (const leak of leaks) say(`Left behind by the tests: ${leak}`);
    return { ...totals, failed: totals.failed + leaks.length };
  } finally {
    // A test that was ended by a signal could not end its services.
    await endLeftProcesses(runId, 0);
    await servers.stop();
  }
}

let totals: Totals = { passed: 0, failed: 1, skipped: 0 };
try {
  totals = await main();
} catch (error) {
  if (!stopping.signal.aborted) say(error instanceof Error ? `${error.stack}` : String(error));
}
if (stopping.signal.aborted) {
  say('Stopped before the end.');
} else if (totals.skipped > 0) {
  say(`${totals.skipped} skipped`);
}
say(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && !stopping.signal.aborted ? 0 : 1);
