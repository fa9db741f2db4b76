import type { DataLock } from './data-lock.ts';
import { ProcessFailed } from './errors.ts';
import { postgresSteps } from './leftovers.ts';
import type { ManagedProcess } from './managed-process.ts';
import type { StopStep } from './processes.ts';
import { describeExit, type Kept, keepRunning } from './restarts.ts';
import { serviceSteps } from './services.ts';

const redisSteps: readonly StopStep[] = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 5_000],
];

/**
 * Knows every process of a stack. While the stack starts, it tells when one ends by itself; from `keep` on
 * it starts such a one again. In the end it ends them all in order.
 */
export interface Supervisor {
  /** To be called with each process as it is spawned. */
  readonly adopt: (process: ManagedProcess) => void;
  /** Resolves with the first process that ends before `keep` or `stopAll` was called. */
  readonly lost: Promise<ManagedProcess>;
  /** From now on each of these is started again when it ends; see `keepRunning`. */
  keep(all: readonly Kept[], log: (line: string) => void): void;
  /**
   * Ends the services, then the servers they use. May be called again for processes that came later.
   *
   * @throws ProcessFailed when one cannot be ended.
   */
  stopAll(hurry: AbortSignal): Promise<void>;
}

/** Makes a supervisor that notes its processes in the data folder's lock file. */
export function createSupervisor(lock: DataLock): Supervisor {
  const processes: ManagedProcess[] = [];
  const ending = new AbortController();
  let starting = true;
  let keeping: Promise<unknown> | undefined;
  let reportLost: (process: ManagedProcess) => void;
  const lost = new Promise<ManagedProcess>((resolve) => {
    reportLost = resolve;
  });

  async function stopThose(
    select: (process: ManagedProcess) => boolean,
    hurry: AbortSignal,
  ): Promise<void> {
    const results = await Promise.allSettled(
      processes.filter(select).map((it) => it.stop(stepsFor(it.name), hurry)),
    );
    const failure = results.find((it) => it.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  return {
    adopt(process) {
      processes.push(process);
      lock.record(process);
      void process.exited.then(() => {
        if (starting) reportLost(process);
      });
    },
    lost,
    keep(all, log) {
      starting = false;
      keeping = Promise.all(all.map((it) => keepRunning(it, { log, signal: ending.signal })));
    },
    async stopAll(hurry) {
      starting = false;
      ending.abort();
      // A start that is under way may still make a process.
      await keeping;
      await stopThose((it) => !isServer(it.name), hurry);
      await stopThose((it) => isServer(it.name), hurry);
    },
  };
}

function isServer(name: string): boolean {
  return name === 'postgres' || name === 'redis';
}

function stepsFor(name: string): readonly StopStep[] {
  if (name === 'postgres') return postgresSteps;
  return name === 'redis' ? redisSteps : serviceSteps;
}

/** What to say of a process that ended by itself while the stack started. */
export function lostMessage(process: ManagedProcess, logEnd: string): ProcessFailed {
  const how = describeExit(process.exit ?? { code: null, signal: null });
  return new ProcessFailed(`${process.name} ${how}. The end of its log:\n${logEnd}`);
}
