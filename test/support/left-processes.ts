import { commandLine, processesWithVariable, waitUntil } from '@kasabi/local';

/** What marks every process of a run. */
const mark = 'TEST_RUN_ID';

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
