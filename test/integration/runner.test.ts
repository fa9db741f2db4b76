// What ends `npm test` from outside leaves nothing of it behind, and what the shell says to other programs
// does not reach its servers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { commandLine, projectRoot } from '@kasabi/local';
import { environment } from '../support/env.ts';
import { waitFor } from '../support/index.ts';
import { processesWithVariable } from '../support/left-processes.ts';

const folder = path.join(projectRoot, '.test');

test('a run that is told to end while services are up ends them, too', async () => {
  const { PATH, HOME, TEST_RUN_ID } = environment();
  const runner = spawn(
    process.execPath,
    ['--conditions=kasabi-source', 'test/run.ts', 'worker/src/watchdog'],
    {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH, HOME, TEST_RUN_ID },
        ...{ PGSSLMODE: 'require', PGHOST: 'nowhere.invalid', PGOPTIONS: '-c no_such_setting=1' },
        ...{ PGSERVICE: 'nowhere', REDIS_HOST: 'nowhere.invalid' },
      },
    },
  );
  const lines: string[] = [];
  for (const stream of [runner.stdout, runner.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  const ended = new Promise<number | null>((resolve) => runner.once('exit', resolve));
  try {
    const runId = await waitFor(
      () => readdirSync(folder).find((it) => it.startsWith(`run-${runner.pid}-`)),
      { what: 'the run to have its folder', timeoutMs: 90_000 },
    );
    const services = (): number[] =>
      processesWithVariable('TEST_RUN_ID', runId).filter((pid) =>
        commandLine(pid).includes('services/worker/dist/main.js'),
      );
    await waitFor(() => runner.exitCode !== null || services().length > 0, {
      what: 'a service of the run',
      timeoutMs: 60_000,
    });
    assert.equal(runner.exitCode, null, lines.join('\n'));
    runner.kill('SIGTERM');
    assert.equal(await ended, 1);
    assert.ok(lines.includes('Stopped before the end.'), lines.join('\n'));
    assert.deepEqual(processesWithVariable('TEST_RUN_ID', runId).map(commandLine), []);
    assert.ok(!existsSync(path.join(folder, runId)), 'its folder is gone');
  } finally {
    runner.kill('SIGKILL');
  }
});
