import { readdirSync, readFileSync } from 'node:fs';
import { commandLine, waitUntil } from '@kasabi/local';

/** What marks every process of a run. */
const mark = 'TEST_RUN_ID';

/** Pids of the processes that were started with `NAME=value` in their environment. */
export function processesWithVariable(name: string, value: string): number[] {
  const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid));
  return pids.map(Number).filter((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      return environment.includes(`${name}=${value}`);
    } catch {
      // It has ended, or is another user's.
      return false;
    }
  });
}

/**
 * Ends the processes of a run that are still there after `graceMs` milliseconds, and describes them. A
 * service is in a process group of its own, so that no signal for its test reaches it.
 */
export async function endLeftProcesses(runId: string, graceMs: number): Promise<string[]> {
  await waitUntil(() => processesWithVariable(mark, runId).length === 0, { timeoutMs: graceMs });
  return processesWithVariable(mark, runId).map((pid) => {
    const description = `process ${pid}: ${commandLine(pid)}`;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It was about to end.
    }
    return description;
  });
}
