import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { StopStep } from './stop-steps.ts';

/** One process, distinguished from any other that had or will have the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The id of the boot and the start of the process in clock ticks after it. */
  readonly started: string;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Identifies a running process; undefined when it does not exist or is a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The command name, in parentheses, may itself hold spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return { pid, started: `${boot}/${fields[19]}` };
}

/** True while exactly this process runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** The command line of a process, arguments separated by spaces; empty when it has ended. */
export function commandLine(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
}

/** Pids of the processes whose working folder is `folder` and that this user may inspect. */
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

/** Sends a signal; false when the process has ended already. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Ends a process that is not a child of this one, step by step, and waits until it is gone.
 * Resolves to false when it outlived the last step.
 */
export async function endProcess(
  identity: ProcessIdentity,
  steps: readonly StopStep[],
): Promise<boolean> {
  for (const [name, waitMs] of steps) {
    if (!isRunning(identity)) return true;
    signal(identity.pid, name);
    const deadline = performance.now() + waitMs;
    // Only a parent is notified when a process ends; anyone else has to poll.
    while (isRunning(identity) && performance.now() < deadline) await delay(20);
  }
  return !isRunning(identity);
}
