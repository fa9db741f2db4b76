import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { type ManagedProcess, startProcess } from './managed-process.ts';
import { isRunning } from './processes.ts';
import { keepRunning } from './restarts.ts';
import { waitUntil } from './wait-until.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-restarts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Keeps a process that runs this script, and tells what was said and started. */
async function keep(script: string, firstPauseMs: number) {
  const lines: string[] = [];
  const started: ManagedProcess[] = [];
  const ending = new AbortController();
  const logFile = path.join(folder, 'process.log');
  const start = async (): Promise<ManagedProcess> => {
    const process = await startProcess({
      name: 'sleeper',
      command: '/bin/sh',
      args: ['-c', script],
      env: {},
      logFile,
    });
    started.push(process);
    return process;
  };
  const kept = { name: 'sleeper', process: await start(), logFile, start };
  const log = (line: string): void => {
    lines.push(line);
  };
  const done = keepRunning(kept, { log, signal: ending.signal, firstPauseMs });
  const stop = async (): Promise<void> => {
    ending.abort();
    await done;
    for (const it of started) await it.stop([['SIGKILL', 5_000]]);
  };
  return { lines, started, ending, done, stop };
}

const within = { timeoutMs: 10_000, everyMs: 5 };

describe('a process that is kept running', () => {
  it('is started again when it is killed, with a line that says which, why and when', async () => {
    const { lines, started, stop } = await keep('exec sleep 600', 10);
    try {
      const [first] = started;
      assert.ok(first !== undefined);
      process.kill(first.pid, 'SIGKILL');
      assert.ok(await waitUntil(() => lines.length === 2, within), lines.join('\n'));
      const second = started[1];
      assert.deepEqual(lines, [
        `sleeper (pid ${first.pid}) was ended by SIGKILL; starting it again in 0.01 s`,
        `sleeper is up again (pid ${second?.pid})`,
      ]);
      assert.ok(second !== undefined && isRunning(second.identity));
    } finally {
      await stop();
    }
  });

  it('is started later each time when it ends at once, and the end of its log is shown', async () => {
    const { lines, stop } = await keep('echo no luck; exit 3', 4);
    try {
      const pauses = (): number[] =>
        lines.flatMap((it) => Number(/again in ([\d.]+) s$/.exec(it)?.[1]) * 1_000 || []);
      assert.ok(await waitUntil(() => pauses().length >= 6, within), lines.join('\n'));
      assert.deepEqual(pauses().slice(0, 6), [4, 8, 16, 32, 64, 128]);
      assert.match(lines[0] ?? '', /^sleeper \(pid \d+\) ended with exit code 3; starting/);
      const shown = lines.filter((it) => it.includes('no luck'));
      assert.match(shown[0] ?? '', /^sleeper ended 5 times in a row\. The end of \//);
      assert.equal(shown.length, 1);
    } finally {
      await stop();
    }
  });

  it('is not started again when the stack ends in the pause before that', async () => {
    const { lines, started, ending, done } = await keep('exit 0', 60_000);
    assert.ok(await waitUntil(() => lines.length === 1, within));
    ending.abort();
    await done;
    assert.equal(started.length, 1);
  });

  it('is tried again when its start fails', async () => {
    const { started, done, ending, lines } = await keep('exec sleep 600', 5);
    await started[0]?.stop([['SIGKILL', 5_000]]);
    ending.abort();
    await done;
    lines.length = 0;
    let tries = 0;
    const again = new AbortController();
    const replacement = started[0] as ManagedProcess;
    const keeping = keepRunning(
      {
        name: 'server',
        process: replacement,
        logFile: '/nowhere',
        async start() {
          tries += 1;
          if (tries < 3) throw new Error(`port is taken\nthe end of its log`);
          again.abort();
          return replacement;
        },
      },
      { log: (line) => lines.push(line), signal: again.signal, firstPauseMs: 1 },
    );
    await keeping;
    assert.equal(tries, 3);
    assert.equal(lines.filter((it) => it === 'port is taken').length, 2);
    assert.ok(lines.includes('server does not run; starting it again in 0.002 s'), lines.join());
  });
});
