import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Leftover } from './data-lock.ts';
import { ProcessFailed } from './errors.ts';
import { commandLine, endProcess, identify, isRunning, processesIn } from './processes.ts';
import { isServer, postgresSteps, type StopStep, stepsFor } from './stop-steps.ts';

/**
 * Ends the processes that a killed supervisor left running: services first, then the servers they use.
 *
 * @throws ProcessFailed when a process cannot be ended.
 */
export async function endLeftovers(
  leftovers: readonly Leftover[],
  log: (line: string) => void,
): Promise<void> {
  const end = async (leftover: Leftover): Promise<void> => {
    if (!isRunning(leftover)) return;
    log(`Ending ${leftover.name} (pid ${leftover.pid}), left over from a run that was killed`);
    await endOne(leftover, stepsFor(leftover.name));
  };
  await Promise.all(leftovers.filter(({ name }) => !isServer(name)).map(end));
  await Promise.all(leftovers.filter(({ name }) => isServer(name)).map(end));
}

async function endOne(leftover: Leftover, steps: readonly StopStep[]): Promise<void> {
  if (await endProcess(leftover, steps)) return;
  throw new ProcessFailed(
    `${leftover.name} (pid ${leftover.pid}) is left over from an earlier run and does not end: ` +
      `${commandLine(leftover.pid)}. End it yourself and start again.`,
  );
}

/**
 * Prepares a Postgres data folder for a start. Ends a Postgres that still runs on it, and backends that outlived a
 * killed one. Removes a `postmaster.pid` whose pid now belongs to another program: Postgres itself would take that for
 * a running server.
 *
 * @throws ProcessFailed when a process cannot be ended.
 */
export async function freePostgresFolder(dir: string): Promise<void> {
  if (!existsSync(dir)) return;
  const folder = realpathSync(dir);
  const pidFile = path.join(folder, 'postmaster.pid');
  const server = existsSync(pidFile) ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10) : 0;
  // The working folder of every Postgres process is its data folder. The server ends its own backends.
  const end = async (pid: number, steps: readonly StopStep[]): Promise<void> => {
    const identity = identify(pid);
    if (identity !== undefined) await endOne({ name: 'postgres', ...identity }, steps);
  };
  const running = processesIn(folder).filter((pid) => commandLine(pid).includes('postgres'));
  if (running.includes(server)) await end(server, postgresSteps);
  await Promise.all(running.map((pid) => end(pid, postgresSteps.slice(1))));
  rmSync(pidFile, { force: true });
}
