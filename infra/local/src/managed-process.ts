import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { ProcessFailed } from './errors.ts';
import { identify, type ProcessIdentity, type StopStep, signal } from './processes.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A long-running child process. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<Exit>;
  /** Set once it has ended. */
  readonly exit: Exit | undefined;
  /**
   * Ends it step by step and waits until it has ended; `hurry` cuts each wait short. Without effect on
   * one that has ended.
   */
  stop(steps: readonly StopStep[], hurry?: AbortSignal): Promise<Exit>;
}

export interface ProcessOptions {
  /** Short name for messages: `postgres`, `api`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Written to its standard input, which is then closed; without it, there is none. */
  readonly stdin?: string;
  /** Standard output and error are appended to this file. */
  readonly logFile: string;
  /** Told of the process as soon as it exists, before anything is awaited. */
  readonly onSpawn?: ((process: ManagedProcess) => void) | undefined;
}

// Still time for Postgres's immediate shutdown, which a kill would turn into a recovery.
const hurriedMs = 1_000;

const largestLog = 16 * 1024 * 1024;

function openLog(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > largestLog) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/**
 * Starts a process in a session of its own, so that a Ctrl-C in the terminal reaches it only through
 * `stop`, in the supervisor's order.
 *
 * @throws ProcessFailed when the command cannot be run.
 */
export async function startProcess(options: ProcessOptions): Promise<ManagedProcess> {
  const log = openLog(options.logFile);
  let child: ChildProcess;
  try {
    child = spawn(options.command, options.args, {
      detached: true,
      env: options.env,
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', log, log],
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.uid !== undefined && { uid: options.uid }),
      ...(options.gid !== undefined && { gid: options.gid }),
    });
  } finally {
    closeSync(log);
  }
  const managed = manageChild(options.name, child);
  if (managed === undefined) {
    const reason = await new Promise<Error>((resolve) => child.once('error', resolve));
    throw new ProcessFailed(`${options.name} cannot be started: ${reason.message}`);
  }
  options.onSpawn?.(managed);
  child.stdin?.on('error', () => {
    // It ended before it read its input; its exit says why.
  });
  child.stdin?.end(options.stdin);
  return managed;
}

/** Wraps a child process that was just spawned; undefined when the spawn failed. */
export function manageChild(name: string, child: ChildProcess): ManagedProcess | undefined {
  const { pid } = child;
  if (pid === undefined) return undefined;
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, killedBy) => {
      exit = { code, signal: killedBy };
      resolve(exit);
    });
  });
  const identity = identify(pid) ?? { pid, started: '' };
  return {
    name,
    pid,
    identity,
    exited,
    get exit() {
      return exit;
    },
    async stop(steps, hurry) {
      for (const [step, waitMs] of steps) {
        if (exit !== undefined) break;
        signal(pid, step);
        await firstOf(exited, waitMs, hurry);
      }
      if (exit === undefined) {
        throw new ProcessFailed(`${name} (pid ${pid}) does not end, not even after SIGKILL.`);
      }
      return exit;
    },
  };
}

async function firstOf(done: Promise<unknown>, waitMs: number, hurry?: AbortSignal): Promise<void> {
  const stopped = new AbortController();
  const timer = setTimeout(
    () => stopped.abort(),
    hurry?.aborted ? Math.min(waitMs, hurriedMs) : waitMs,
  );
  const cut = (): void => stopped.abort();
  hurry?.addEventListener('abort', cut, { once: true });
  const cancelled = new Promise<void>((resolve) => {
    stopped.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([done, cancelled]);
  clearTimeout(timer);
  hurry?.removeEventListener('abort', cut);
}

/** The last lines of a log file, for a message; empty when there is none. */
export function logTail(file: string, lines = 20): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
