import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessFailed } from './errors.ts';
import { identify, type ProcessIdentity, signal } from './processes.ts';
import type { StopStep } from './stop-steps.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A long-running child process. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended, whatever the reason. */
  readonly exited: Promise<Exit>;
  /** Undefined until it has ended. */
  readonly exit: Exit | undefined;
  /**
   * Ends it step by step, and resolves when it has ended. Does nothing if it already has. A signal that an earlier call
   * has sent is not sent again, because a second SIGTERM would cut an orderly stop short.
   *
   * @throws ProcessFailed if it outlives the last step.
   */
  stop(steps: readonly StopStep[]): Promise<Exit>;
}

export interface ProcessOptions {
  /** A short name for messages: `postgres`, `api`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** The content of its standard input. */
  readonly stdin?: string;
  /** Standard output and error are appended to this file. */
  readonly logFile: string;
  /** Called as soon as the process exists, before anything is awaited. */
  readonly onSpawn?: ((process: ManagedProcess) => void) | undefined;
}

/**
 * Starts a process in a session of its own, so that Ctrl-C in the terminal does not reach it directly: the supervisor
 * stops processes in order.
 *
 * @throws ProcessFailed when the command cannot be run.
 */
export async function startProcess(options: ProcessOptions): Promise<ManagedProcess> {
  const { name, command, args, stdin, logFile, onSpawn, ...rest } = options;
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a', 0o600);
  const input = stdin === undefined ? 'ignore' : 'pipe';
  const child = spawn(command, args, { ...rest, detached: true, stdio: [input, log, log] });
  closeSync(log);
  const managed = manageChild(name, child);
  if (managed === undefined) {
    const reason = await new Promise<Error>((resolve) => child.once('error', resolve));
    throw new ProcessFailed(`${name} cannot be started: ${reason.message}`);
  }
  onSpawn?.(managed);
  child.stdin?.on('error', () => {
    // It ended before it read its input; the exit says why.
  });
  child.stdin?.end(stdin);
  return managed;
}

/** Wraps a child process that was just spawned; undefined if that failed. */
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
  const sent = new Set<NodeJS.Signals>();
  return {
    name,
    pid,
    identity: identify(pid) ?? { pid, started: '' },
    exited,
    get exit() {
      return exit;
    },
    async stop(steps) {
      for (const [step, waitMs] of steps) {
        if (exit !== undefined) break;
        if (!sent.has(step)) signal(pid, step);
        sent.add(step);
        const timer = new AbortController();
        await Promise.race([exited, delay(waitMs, undefined, timer).catch(() => {})]);
        timer.abort();
      }
      if (exit !== undefined) return exit;
      throw new ProcessFailed(`${name} (pid ${pid}) does not end, not even after SIGKILL.`);
    },
  };
}

/** How a process ended, to follow its name in a sentence. */
export function describeExit(exit: Exit | undefined): string {
  return exit?.signal ? `was ended by ${exit.signal}` : `ended with exit code ${exit?.code}`;
}

/** The last 20 lines of a log file, for a message; empty if there is no such file. */
export function logTail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
  } catch {
    return '';
  }
}
