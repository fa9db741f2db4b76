import type { DataLock } from './data-lock.ts';
import type { ManagedProcess } from './managed-process.ts';
import { type Kept, keepRunning } from './restarts.ts';
import { isServer, stepsFor } from './stop-steps.ts';

/**
 * Makes a supervisor, which knows all processes of a stack, restarts those it keeps, and ends them all in order. It
 * records them in the data folder's lock file.
 */
export function createSupervisor(lock: DataLock) {
  const processes: ManagedProcess[] = [];
  const ending = new AbortController();
  let keeping: Promise<unknown> | undefined;

  const stopThose = async (servers: boolean): Promise<void> => {
    const those = processes.filter(({ name }) => isServer(name) === servers);
    const results = await Promise.allSettled(those.map((it) => it.stop(stepsFor(it.name))));
    const failure = results.find((it) => it.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  };

  return {
    /** Call this with each process as soon as it is spawned. */
    adopt(process: ManagedProcess): void {
      processes.push(process);
      lock.record(process);
    },
    /** From now on, restarts each of these when it ends; see `keepRunning`. */
    keep(all: readonly Kept[], log: (line: string) => void): void {
      keeping = Promise.all(all.map((it) => keepRunning(it, { log, signal: ending.signal })));
    },
    /**
     * Ends the services, then the servers they use. May be called again for later processes.
     *
     * @throws ProcessFailed if a process does not end.
     */
    async stopAll(): Promise<void> {
      ending.abort();
      // A restart that is under way may still start a process.
      await keeping;
      await stopThose(false);
      await stopThose(true);
    },
  };
}
