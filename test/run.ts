// What `npm test` runs: lint, build, then every test on a private Postgres and Redis, then a look at what
// the tests left behind. `npm test -- WORD …` runs the test files whose path holds a word, without lint.
// `--unit` leaves out what needs a server or starts a process, and starts nothing but the tests.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { forgetShellSettings, projectRoot } from '@kasabi/local';
import { endLeftProcesses } from './support/left-processes.ts';
import { startServers, type TestServers } from './support/servers.ts';
import { findTestFiles } from './support/test-files.ts';
import { add, beginTestRun, type Totals } from './support/test-run.ts';
import { isUnitTest } from './support/unit-tests.ts';

/** Loaded into the test files that may send statements. */
const recorder = path.join(projectRoot, 'test/statements/record.ts');

/** Compares the statements that the tests have sent with the types of the sources. */
const statementsTest = 'test/statements/statements.test.ts';

forgetShellSettings(true);
const run = beginTestRun();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const bin = (name: string): string => path.join(projectRoot, 'node_modules', '.bin', name);

/** Describes, and ends, what the tests left behind. */
async function findLeaks(servers: TestServers): Promise<string[]> {
  // One that was told to stop by the last test may need a moment.
  return [...(await endLeftProcesses(run.id, 2_000)), ...(await servers.openConnections())];
}

const isInTest = (file: string): boolean => file.startsWith('test/');

async function runUnitTests(files: readonly string[]): Promise<Totals> {
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-unit-'));
  // Those in `test` first: they compute most, and most others wait.
  const inOrder = [...files].sort((a, b) => Number(isInTest(b)) - Number(isInTest(a)));
  try {
    const concurrency = 3 * availableParallelism();
    return await run.runFiles({ folder, files: inOrder, concurrency, env: {} });
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
    if ((await run.run(bin('biome'), ['check', '--error-on-warnings', '.'])) !== 0) return nothing;
  }
  say('Build and type check (tsc -b)');
  if ((await run.run(bin('tsc'), ['-b'])) !== 0) return nothing;
  const servers = await startServers(run.id, say, run.signal);
  try {
    const recorded = path.join(servers.folder, 'statements');
    writeFileSync(recorded, '');
    const env = {
      TEST_DATABASE_URL: servers.databaseUrl,
      TEST_REDIS_URL: servers.redisUrl,
      TEST_RUN_ID: run.id,
      RECORDED_STATEMENTS: recorded,
      ...(filters.length === 0 && { ALL_TESTS_RAN: '1' }),
    };
    // No more than there are processors: what many of them hold is a time, which others would take from them.
    const concurrency = availableParallelism();
    const same = { folder: servers.folder, env, preload: [recorder] };
    const totals = await run.runFiles({ ...same, files, concurrency });
    if (statSync(recorded).size > 0) {
      add(totals, await run.runFiles({ ...same, files: [statementsTest], concurrency: 1 }));
    }
    const leaks = run.signal.aborted ? [] : await findLeaks(servers);
    for (const leak of leaks) say(`Left behind by the tests: ${leak}`);
    return { ...totals, failed: totals.failed + leaks.length };
  } finally {
    // A test that was ended by a signal could not end its services.
    await endLeftProcesses(run.id, 0);
    await servers.stop();
  }
}

let totals: Totals = { passed: 0, failed: 1, skipped: 0 };
try {
  totals = await main();
} catch (error) {
  if (!run.signal.aborted) say(error instanceof Error ? `${error.stack}` : String(error));
}
if (run.signal.aborted) {
  say('Stopped before the end.');
} else if (totals.skipped > 0) {
  say(`${totals.skipped} skipped`);
}
say(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && !run.signal.aborted ? 0 : 1);
