// Processes whose log nobody reads, or whose disk is full: they continue, and stop when told to.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@kasabi/test/support/wait-for';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-log-'));
const children: ChildProcess[] = [];

after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A service that logs `perTurn` long lines every 5 ms, and reports its state over IPC every 100 ms. */
const program = (perTurn: number): string => `
  const { runService } = await import(${JSON.stringify(here('run.ts'))});
  const settings = { LOG_LEVEL: 'info', OTEL_TRACES_SAMPLER_ARG: 1, SHUTDOWN_TIMEOUT_MS: 5_000 };
  await runService('test', () => settings, async ({ log }) => {
    let n = 0;
    setInterval(() => { for (let i = 0; i < ${perTurn}; i += 1) log.info({ n: n++ }, 'x'.repeat(500)); }, 5);
    setInterval(() => process.send({ n, at: performance.now(), cpu: process.cpuUsage(), rss: process.memoryUsage.rss() }), 100);
    return async () => log.info('in order');
  });`;

interface Beat {
  readonly n: number;
  /** When it was sent, in milliseconds since the service began. */
  readonly at: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly rss: number;
}

interface Run {
  readonly child: ChildProcess;
  readonly last: () => Beat;
  readonly ended: Promise<number | null>;
}

async function start(
  stdout: 'pipe' | number,
  command = process.execPath,
  first: string[] = [],
  perTurn = 2,
): Promise<Run> {
  const child = spawn(
    command,
    [...first, '--conditions=kasabi-source', '--input-type=module', '-e', program(perTurn)],
    { stdio: ['ignore', stdout, 'pipe', 'ipc'] },
  );
  children.push(child);
  let beat: Beat | undefined;
  child.on('message', (message) => {
    beat = message as Beat;
  });
  await waitFor(() => beat, { what: 'the service to log', timeoutMs: 30_000 });
  return { child, last: () => beat as Beat, ended: once(child, 'exit').then(([code]) => code) };
}

/** It continues, and after a second and a half it stops in order, soon after SIGTERM. */
async function goesOnAndEnds({ child, last, ended }: Run): Promise<void> {
  const from = last();
  await waitFor(() => last().n > from.n + 300 && last().at > from.at + 1_500, {
    what: 'it to go on',
    timeoutMs: 15_000,
  });
  // By the service's own clock, because its reports may arrive late.
  const took = last().at - from.at;
  const cpu = (last().cpu.user + last().cpu.system - from.cpu.user - from.cpu.system) / 1_000;
  assert.ok(cpu < took / 2, `${cpu} ms of CPU in ${took} ms`);
  const asked = performance.now();
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.ok(performance.now() - asked < 3_000, `${performance.now() - asked} ms`);
}

test('the reader of its log has gone, and that of its errors', async () => {
  const run = await start('pipe');
  run.child.stdout?.destroy();
  run.child.stderr?.destroy();
  await goesOnAndEnds(run);
});

test('the reader of its log has gone: a pipe', async () => {
  const fifo = path.join(folder, 'gone');
  await once(spawn('mkfifo', [fifo]), 'exit');
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(fifo, constants.O_WRONLY);
  const run = await start(fd);
  closeSync(fd);
  closeSync(reader);
  await goesOnAndEnds(run);
});

test('the reader of its log is there and does not read: a socket', async () => {
  const run = await start('pipe');
  run.child.stdout?.pause();
  await goesOnAndEnds(run);
});

test('the reader of its log is there and does not read: a pipe; when it reads again, it hears what it missed', async () => {
  const fifo = path.join(folder, 'fifo');
  await once(spawn('mkfifo', [fifo]), 'exit');
  const fd = openSync(fifo, 'r+');
  const run = await start(fd, undefined, [], 20);
  // At most 4 MiB are kept for it.
  await waitFor(() => run.last().n > 12_000, { what: 'more than is kept', timeoutMs: 30_000 });
  const before = run.last().rss;
  await waitFor(() => run.last().n > 24_000, { what: 'twice that', timeoutMs: 30_000 });
  assert.ok(run.last().rss < before + 64e6, `${run.last().rss - before} bytes more`);
  const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(reader);
  let text = '';
  reader.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await waitFor(() => /"lines":\d+,"msg":"log lines were lost/.test(text), {
    what: 'a line that says what was lost',
  });
  await goesOnAndEnds(run);
  closeSync(fd);
  await once(reader, 'exit');
  // The end of the process waits 250 ms for its reader, and may have to leave a line half-written.
  const lines = text
    .slice(0, text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => JSON.parse(line) as { n?: number; lines?: number });
  const written = lines.filter(({ n }) => n !== undefined).length;
  const lost = lines.reduce((sum, it) => sum + (it.lines ?? 0), 0);
  const most = Math.max(...lines.map(({ n = 0 }) => n)) + 1;
  assert.equal(written + lost, most, 'each line was written or counted as lost');
});

test('the disk of its log is full, and has room again', async () => {
  const file = path.join(folder, 'log');
  const fd = openSync(file, 'a');
  // EFBIG where a full disk says ENOSPC: a file may be no larger than 64 KiB.
  const run = await start(fd, 'bash', [
    '-c',
    'ulimit -f 64; trap "" XFSZ; exec "$0" "$@"',
    process.execPath,
  ]);
  closeSync(fd);
  await waitFor(() => readFileSync(file).length >= 64 * 1_024, { what: 'the file to be full' });
  await goesOnAndEnds(run);
  assert.equal(readFileSync(file).length, 64 * 1_024);
});
