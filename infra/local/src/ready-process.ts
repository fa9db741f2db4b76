import { ProcessFailed } from './errors.ts';
import {
  describeExit,
  logTail,
  type ManagedProcess,
  type ProcessOptions,
  startProcess,
} from './managed-process.ts';
import { stepsFor } from './stop-steps.ts';
import { waitUntil } from './wait-until.ts';

export interface ReadyOptions extends ProcessOptions {
  /** Resolves to true once the process is ready. */
  readonly isReady: () => Promise<boolean>;
  /** How long that may take, in milliseconds; without a limit unless set. */
  readonly readyWithinMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts a process, and resolves when it is ready. If it does not get ready, stops it.
 *
 * @throws ProcessFailed with the end of its log if it ends or is not ready in time; what `isReady` throws; the reason
 *   of `signal` if that fires first.
 */
export async function startUntilReady(options: ReadyOptions): Promise<ManagedProcess> {
  const { isReady, readyWithinMs = Number.POSITIVE_INFINITY, signal, ...start } = options;
  const { name, logFile } = start;
  const process = await startProcess(start);
  let ready = false;
  try {
    const settled = async (): Promise<boolean> => process.exit !== undefined || (await isReady());
    const inTime = await waitUntil(settled, { timeoutMs: readyWithinMs, signal });
    ready = inTime && process.exit === undefined;
    if (ready) return process;
    const what = process.exit
      ? `${describeExit(process.exit)} before it was ready`
      : `is not ready after ${readyWithinMs / 1_000} s`;
    throw new ProcessFailed(`${name} ${what}. The end of ${logFile}:\n${logTail(logFile)}`);
  } finally {
    if (!ready) await process.stop(stepsFor(name));
  }
}

/** A running Redis or Postgres server, at a connection URL with the password. */
export const handleOf = (process: ManagedProcess, url: string) => ({
  url,
  port: Number(new URL(url).port),
  pid: process.pid,
  process,
  /** Stops it in an orderly way, and resolves when it has ended. */
  async stop(): Promise<void> {
    await process.stop(stepsFor(process.name));
  },
});

export type ServerHandle = ReturnType<typeof handleOf>;
