import { banner } from './banner.ts';
import { bringUp } from './bring-up.ts';
import { acquireDataLock, type DataLock } from './data-lock.ts';
import { environment, type LocalSettings, readSettings } from './env.ts';
import { endLeftovers } from './leftovers.ts';
import { forgetShellSettings } from './shell-settings.ts';
import { listenForStop } from './stop-requests.ts';
import { createSupervisor } from './supervisor.ts';
import { whenAborted } from './wait-until.ts';

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

function report(error: unknown): void {
  // The messages of this project's errors say everything; for others the call stack is needed.
  const known = error instanceof Error && 'code' in error && /^[a-z-]+$/.test(String(error.code));
  const text = known ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`\nnpm start failed: ${text}\n`);
}

/**
 * What `npm start` does once everything is built: it runs the local stack until it is asked to stop, then ends all
 * processes. The exit code is 0 after an orderly stop, otherwise 1. If a process does not get ready, the start fails;
 * one that ends later is started again.
 */
export async function start(): Promise<never> {
  const stop = listenForStop();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {
      // The terminal or pipe is gone; the processes must be ended anyway.
    });
  }
  let failed = false;
  try {
    forgetShellSettings(!environment()['DATABASE_URL']);
    const settings = readSettings();
    const lock = await acquireDataLock(settings.DATA_DIR);
    try {
      await endLeftovers(lock.leftovers, log);
      await run(settings, lock, stop);
    } finally {
      await lock.release();
    }
  } catch (error) {
    failed = true;
    report(error);
  }
  if (!failed) log('Stopped.');
  process.exit(failed ? 1 : 0);
}

/** @throws what kept the stack from starting, or ended it although nobody asked. */
async function run(settings: LocalSettings, lock: DataLock, stop: AbortSignal): Promise<void> {
  const supervisor = createSupervisor(lock);
  const ending = new AbortController();
  const signal = AbortSignal.any([stop, ending.signal]);
  const started = bringUp({ settings, log, signal, onSpawn: supervisor.adopt });
  const stopped = whenAborted(stop);
  const broken = new Promise<never>((_, reject) => {
    process.once('uncaughtException', reject);
  });
  try {
    const stack = await Promise.race([started, stopped, broken]);
    if (stack !== undefined && !stop.aborted) {
      supervisor.keep(stack.kept, log);
      log(banner(stack.addresses));
      await Promise.race([stopped, broken]);
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    ending.abort();
    log('Stopping ...');
    await supervisor.stopAll();
    // A start that was cut short may have started another process meanwhile.
    await started.catch(() => {});
    await supervisor.stopAll();
  }
}
