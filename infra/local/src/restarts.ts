import { setTimeout as delay } from 'node:timers/promises';
import { describeExit, logTail, type ManagedProcess } from './managed-process.ts';
import { whenAborted } from './wait-until.ts';

/** A process that runs for as long as the stack does. */
export interface Kept {
  readonly name: string;
  readonly process: ManagedProcess;
  readonly logFile: string;
  /**
   * Starts it anew on the same port and data. Resolves when it serves.
   *
   * @throws when it ends before it serves, or `signal` fires first.
   */
  readonly start: (signal: AbortSignal) => Promise<ManagedProcess>;
}

export interface KeepOptions {
  readonly log: (line: string) => void;
  /** Ends the restarting, but not the process. */
  readonly signal: AbortSignal;
  /** The first pause before a restart, in milliseconds; 500 unless set. Each quick end doubles it. */
  readonly firstPauseMs?: number;
}

/** A process that ran for less than this, in milliseconds, ended quickly: the next pause is longer. */
const quickMs = 10_000;
const longestPauseMs = 30_000;
/** The end of the log is shown each time this many quick ends have followed one another. */
const endsUntilLog = 5;

/**
 * Starts a process again whenever it ends, whatever the reason: at first after half a second, then after
 * twice the pause for each quick end, half a minute at most. It never gives up: what keeps a process from
 * running (a full disk, a port, memory) may go away, and everything else keeps running meanwhile. Each end
 * and each start is one line.
 *
 * Resolves when `signal` has fired and no start is under way.
 */
export async function keepRunning(kept: Kept, options: KeepOptions): Promise<void> {
  const { log, signal, firstPauseMs = 500 } = options;
  const { name, logFile } = kept;
  const aborted = whenAborted(signal);
  let current: ManagedProcess | undefined = kept.process;
  let quickEnds = 0;
  while (!signal.aborted) {
    let what = `${name} does not run`;
    if (current !== undefined) {
      const began = performance.now();
      await Promise.race([current.exited, aborted]);
      if (signal.aborted) return;
      if (performance.now() - began >= quickMs) quickEnds = 0;
      what = `${name} (pid ${current.pid}) ${describeExit(current.exit)}`;
    }
    const pauseMs = Math.min(firstPauseMs * 2 ** quickEnds, longestPauseMs);
    quickEnds += 1;
    log(`${what}; starting it again in ${pauseMs / 1_000} s`);
    if (quickEnds % endsUntilLog === 0) {
      log(`${name} ended ${quickEnds} times in a row. The end of ${logFile}:\n${logTail(logFile)}`);
    }
    try {
      await delay(pauseMs, undefined, { signal });
      current = await kept.start(signal);
      log(`${name} is up again (pid ${current.pid})`);
    } catch (error) {
      current = undefined;
      const reason = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) log(reason.split('\n', 1)[0] ?? '');
    }
  }
}
