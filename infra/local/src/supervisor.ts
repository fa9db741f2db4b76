import type { DataLock } from './data-lock.ts';
import { ProcessFailed } from './errors.ts';
import { postgresSteps } from './leftovers.ts';
import type { ManagedProcess } from './managed-process.ts';
import type { StopStep } from './processes.ts';
import { serviceSteps } from './services.ts';

const redisSteps: readonly StopStep[] = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 5_000],
];

/** Knows every process of a stack, tells when one ends by itself, and ends them all in order. */
export interface Supervisor {
  /** To be called with each process as it is spawned. */
  readonly adopt: (process: ManagedProcess) => void;
  /** Resolves with the first process that ends before `stopAll` was called. */
  readonly lost: Promise<ManagedProcess>;
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
  let stopping = false;
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
        if (!stopping) reportLost(process);
      });
    },
    lost,
    async stopAll(hurry) {
      stopping = true;
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

/** What to say of a process that ended by itself. */
export function lostMessage(process: ManagedProcess, logEnd: string): ProcessFailed {
  const { code, signal } = process.exit ?? { code: null, signal: null };
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return new ProcessFailed(
    `${process.name} ended by itself, ${how}. The end of its log:\n${logEnd}`,
  );
}
