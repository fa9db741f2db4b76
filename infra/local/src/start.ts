import path from 'node:path';
import { banner } from './banner.ts';
import { bringUp } from './bring-up.ts';
import { acquireDataLock, type DataLock } from './data-lock.ts';
import { environment, readSettings } from './env.ts';
import { endLeftovers } from './leftovers.ts';
import { logTail } from './managed-process.ts';
import { forgetShellSettings } from './shell-settings.ts';
import { listenForStop, type StopRequests, whenAborted } from './stop-requests.ts';
import { createSupervisor, lostMessage } from './supervisor.ts';

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

function report(error: unknown): void {
  // Errors of this project say all there is to say; of any other the stack is wanted.
  const known = error instanceof Error && 'code' in error && /^[a-z-]+$/.test(String(error.code));
  const text = known ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`\nnpm start failed: ${text}\n`);
}

/**
 * What `npm start` does once everything is built: runs the local stack until it is asked to stop, ends all
 * its processes, and ends this one: 0 after an orderly stop, 1 else. A process that is lost while the stack
 * starts ends the start; later, it is started again.
 */
export async function start(): Promise<never> {
  const requests = listenForStop();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {
      // The terminal or pipe is gone; the processes must be ended all the same.
    });
  }
  let failed = false;
  const fail = (error: unknown): void => {
    failed = true;
    report(error);
  };
  try {
    forgetShellSettings(!environment()['DATABASE_URL']);
    const settings = readSettings();
    const lock = await acquireDataLock(settings.DATA_DIR);
    try {
      await endLeftovers(lock.leftovers, log);
      await run(settings, lock, requests, fail);
    } finally {
      await lock.release();
    }
  } catch (error) {
    fail(error);
  }
  if (!failed) log('Stopped.');
  process.exit(failed ? 1 : 0);
}

async function run(
  settings: ReturnType<typeof readSettings>,
  lock: DataLock,
  { stop, hurry }: StopRequests,
  fail: (error: unknown) => void,
): Promise<void> {
  const supervisor = createSupervisor(lock);
  const ending = new AbortController();
  const signal = AbortSignal.any([stop, ending.signal]);
  const started = bringUp({
    settings,
    log,
    signal,
    onSpawn: supervisor.adopt,
  });
  const lost = supervisor.lost.then((process) => {
    const end = logTail(path.join(settings.DATA_DIR, 'logs', `${process.name}.log`));
    throw lostMessage(process, end);
  });
  const stopped = whenAborted(stop);
  const broken = new Promise<never>((_, reject) => {
    process.once('uncaughtException', reject);
  });
  try {
    const stack = await Promise.race([started, lost, stopped, broken]);
    if (stack !== undefined && !stop.aborted) {
      supervisor.keep(stack.kept, log);
      log(banner(stack.addresses));
      await Promise.race([stopped, broken]);
    }
  } catch (error) {
    if (!stop.aborted) fail(error);
  }
  ending.abort();
  log('Stopping ...');
  await supervisor.stopAll(hurry);
  // A start that was cut short may have had one more process in the making.
  await started.catch(() => {});
  await supervisor.stopAll(hurry);
}
