import { setTimeout as delay } from 'node:timers/promises';
import { describeExit, logTail, type ManagedProcess } from './managed-process.ts';
import { whenAborted } from './wait-until.ts';

/** A process that runs as long as the stack does. */
export interface Kept {
  readonly name: string;
  readonly process: ManagedProcess;
  readonly logFile: string;
  /**
   * Starts it again on the same port and data. Resolves when it is ready.
   *
   * @throws if it ends before it is ready, or `signal` fires first.
   */
  readonly start: (signal: AbortSignal) => Promise<ManagedProcess>;
}

export interface KeepOptions {
  readonly log: (line: string) => void;
  /** Ends the restarts, but not the process. */
  readonly signal: AbortSignal;
  /** The first pause before a restart, in milliseconds; 500 unless set. Doubles each time the process ends quickly. */
  readonly firstPauseMs?: number;
}

/** A process that ran for less than this, in milliseconds, ended quickly. */
const quickMs = 10_000;
const longestPauseMs = 30_000;
/** The end of the log is shown after each series of this many quick ends. */
const endsUntilLog = 5;

/**
 * Starts a process again whenever it ends, whatever the reason. The first pause is half a second; it doubles with each
 * quick end, up to half a minute. It never gives up, because the reason (a full disk, a port, memory) may go away, and
 * everything else keeps running in the meantime. It logs one line for each end and each start.
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
