import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { StopStep } from './stop-steps.ts';

/** One process, distinguished from others that had or will have the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The id of the boot, and when the process started after it, in clock ticks. */
  readonly started: string;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Identifies a running process; undefined if it does not exist or is a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The command name is in parentheses, and may itself contain spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return { pid, started: `${boot}/${fields[19]}` };
}

/** Whether exactly this process is running. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** The command line of a process, with spaces between arguments; empty if the process has ended. */
export function commandLine(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
}

/** The pids of processes whose working folder is `folder`, as far as this user may see that. */
export function processesIn(folder: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false;
    }
  });
}

/** Sends a signal; returns false if the process has already ended. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Ends a process that is not a child of this one, step by step, and waits until it is gone. Resolves to false if it
 * outlives the last step.
 */
export async function endProcess(
  identity: ProcessIdentity,
  steps: readonly StopStep[],
): Promise<boolean> {
  for (const [name, waitMs] of steps) {
    if (!isRunning(identity)) return true;
    signal(identity.pid, name);
    const deadline = performance.now() + waitMs;
    // Only the parent is notified when a process ends; others have to poll.
    while (isRunning(identity) && performance.now() < deadline) await delay(20);
  }
  return !isRunning(identity);
}
