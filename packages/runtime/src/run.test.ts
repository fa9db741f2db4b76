import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@kasabi/test/support/wait-for';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

const children: ChildProcess[] = [];

after(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Runs `runService` as a process; `body` is the body of its start function. */
function run(body: string, shutdownTimeoutMs = 60_000): Run {
  const program = `
    const { runService } = await import(${JSON.stringify(here('run.ts'))});
    const { SettingsInvalid } = await import(${JSON.stringify(here('settings.ts'))});
    const settings = { LOG_LEVEL: 'info', OTEL_TRACES_SAMPLER_ARG: 1, SHUTDOWN_TIMEOUT_MS: ${shutdownTimeoutMs} };
    const keepAlive = setInterval(() => {}, 60_000);
    await runService('test', () => settings, async ({ log }) => { ${body} });`;
  const child = spawn(
    process.execPath,
    ['--conditions=kasabi-source', '--input-type=module', '-e', program],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.push(child);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    child,
    output: () => Buffer.concat(chunks).toString(),
    ended: once(child, 'close').then(([code]) => code),
  };
}

async function started(body: string, shutdownTimeoutMs?: number): Promise<Run> {
  // The signal handlers exist in the next turn of the event loop; before that, a signal ends the process.
  const service = run(`setImmediate(() => log.info('up')); ${body}`, shutdownTimeoutMs);
  await waitFor(() => service.output().includes('"up"'), { what: 'the service to start' });
  return service;
}

const service = (stop: string): string => `return async () => { ${stop} };`;

describe('runService', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`stops in order at ${signal}`, async () => {
      const { child, output, ended } = await started(service("log.info('stopping step by step')"));
      child.kill(signal);
      assert.equal(await ended, 0);
      assert.match(output(), new RegExp(`"signal":"${signal}".*"stopping"`));
      assert.match(output(), /step by step.*\n.*"stopped"/);
    });
  }

  it('ends with status 1 when the deadline passes', async () => {
    const { child, output, ended } = await started(service('await new Promise(() => {})'), 50);
    child.kill('SIGTERM');
    assert.equal(await ended, 1);
    assert.match(output(), /the deadline has passed/);
  });

  it('ends at once with status 1 at a second signal', async () => {
    const { child, output, ended } = await started(
      service("log.info('busy'); await new Promise(() => {})"),
    );
    child.kill('SIGTERM');
    await waitFor(() => output().includes('"busy"'), { what: 'the stop to begin' });
    child.kill('SIGTERM');
    assert.equal(await ended, 1);
    assert.match(output(), /a second signal/);
  });

  it('ends with status 1 when a step of the stop fails', async () => {
    const { child, output, ended } = await started(service("throw new Error('no way to stop')"));
    child.kill('SIGTERM');
    assert.equal(await ended, 1);
    assert.match(output(), /no way to stop/);
  });

  it('prints a message without a stack when the settings are not usable', async () => {
    const { output, ended } = run("throw new SettingsInvalid(['API_PORT is wrong.'])");
    assert.equal(await ended, 1);
    assert.equal(output(), 'The settings are not usable:\n  - API_PORT is wrong.\n');
  });

  it('prints the stack of whatever else goes wrong at the start', async () => {
    const { output, ended } = run("throw new TypeError('a bug')");
    assert.equal(await ended, 1);
    assert.match(output(), /^TypeError: a bug\n +at /);
  });

  it('logs an uncaught exception and ends with status 1', async () => {
    const { output, ended } = run(
      `setImmediate(() => { setImmediate(() => { throw new Error('stray'); }); }); ${service('')}`,
    );
    assert.equal(await ended, 1);
    assert.match(output(), /"level":60.*stray.*uncaught exception: the process ends/);
  });
});
