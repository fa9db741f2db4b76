import { setTimeout as delay } from 'node:timers/promises';
import { type Exit, logTail, type ManagedProcess } from './managed-process.ts';

/** A process that is to run for as long as the stack does. */
export interface Kept {
  readonly name: string;
  readonly process: ManagedProcess;
  readonly logFile: string;
  /**
   * Starts it anew in its place, on the same port and data. Resolves when it serves.
   *
   * @throws when it ends before it serves, or `signal` fires first.
   */
  readonly start: (signal: AbortSignal) => Promise<ManagedProcess>;
}

export interface KeepOptions {
  readonly log: (line: string) => void;
  /** Ends the keeping, but not the process. */
  readonly signal: AbortSignal;
  /** The first pause before a restart, in milliseconds; 500 unless set. Each quick end doubles it. */
  readonly firstPauseMs?: number;
}

/** A process that lived shorter, in milliseconds, ended quickly: the next pause is longer. */
const quickMs = 10_000;
const longestPauseMs = 30_000;
/** After so many quick ends in a row, and each further so many, the end of the log is shown. */
const endsUntilLog = 5;

/**
 * Starts a process again whenever it ends, whatever the reason: at first after half a second, after each
 * quick end twice as late, half a minute at most. It never gives up: what keeps a process from running
 * (a full disk, a port, memory) may go away, and everything else goes on meanwhile. Each end and each
 * start is a line; the end of the log follows once it keeps ending at once.
 *
 * Resolves when `signal` has fired and no start is under way.
 */
export async function keepRunning(kept: Kept, options: KeepOptions): Promise<void> {
  const { log, signal } = options;
  const { name, logFile } = kept;
  let current: ManagedProcess | undefined = kept.process;
  let quickEnds = 0;
  while (!signal.aborted) {
    let what: string;
    if (current !== undefined) {
      const begun = performance.now();
      const exit = await unlessAborted(current.exited, signal);
      if (exit === undefined) return;
      if (performance.now() - begun >= quickMs) quickEnds = 0;
      what = `${name} (pid ${current.pid}) ${describeExit(exit)}`;
    } else {
      what = `${name} does not run`;
    }
    const pauseMs = Math.min((options.firstPauseMs ?? 500) * 2 ** quickEnds, longestPauseMs);
    quickEnds += 1;
    log(`${what}; starting it again in ${pauseMs / 1_000} s`);
    if (quickEnds % endsUntilLog === 0) {
      log(`${name} ended ${quickEnds} times in a row. The end of ${logFile}:\n${logTail(logFile)}`);
    }
    current = await again(kept, pauseMs, options);
  }
}

/** The new process; undefined when it did not start. */
async function again(
  { name, start }: Kept,
  pauseMs: number,
  { log, signal }: KeepOptions,
): Promise<ManagedProcess | undefined> {
  try {
    await delay(pauseMs, undefined, { signal });
    const started = await start(signal);
    log(`${name} is up again (pid ${started.pid})`);
    return started;
  } catch (error) {
    if (!signal.aborted) log(error instanceof Error ? firstLine(error.message) : String(error));
    return undefined;
  }
}

/** How a process ended, for a line that begins with its name. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let abort = (): void => {};
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => resolve(undefined);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
