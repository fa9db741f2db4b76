import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Leftover } from './data-lock.ts';
import { ProcessFailed } from './errors.ts';
import {
  commandLine,
  endProcess,
  identify,
  isRunning,
  type ProcessIdentity,
  processesIn,
  type StopStep,
} from './processes.ts';

const serviceSteps: readonly StopStep[] = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 5_000],
];

/** How Postgres is ended: fast shutdown, immediate shutdown, by force. */
export const postgresSteps: readonly StopStep[] = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

/**
 * Ends what a lost supervisor left running: services first, then the servers they use.
 *
 * @throws ProcessFailed when a process cannot be ended.
 */
export async function endLeftovers(
  leftovers: readonly Leftover[],
  log: (line: string) => void,
): Promise<void> {
  const servers = new Set(['postgres', 'redis']);
  const services = leftovers.filter(({ name }) => !servers.has(name));
  await Promise.all(services.map((leftover) => endOne(leftover, serviceSteps, log)));
  await Promise.all(
    leftovers
      .filter(({ name }) => servers.has(name))
      .map((it) => endOne(it, it.name === 'postgres' ? postgresSteps : serviceSteps, log)),
  );
}

async function endOne(
  leftover: Leftover,
  steps: readonly StopStep[],
  log: (line: string) => void,
): Promise<void> {
  if (!isRunning(leftover)) return;
  log(`Ending ${leftover.name} (pid ${leftover.pid}), left over from a run that was killed`);
  if (await endProcess(leftover, steps)) return;
  throw new ProcessFailed(
    `${leftover.name} (pid ${leftover.pid}) is left over from an earlier run and does not end: ` +
      `${commandLine(leftover.pid)}. End it by hand and start again.`,
  );
}

/**
 * Makes a Postgres data folder startable: ends the Postgres that still runs on it, with the backends
 * that outlived a killed one, and removes a `postmaster.pid` whose pid is now another program's, which
 * Postgres itself would take for a running server.
 *
 * @throws ProcessFailed when a process cannot be ended.
 */
export async function freePostgresFolder(dir: string): Promise<void> {
  if (!existsSync(dir)) return;
  const folder = realpathSync(dir);
  const pidFile = path.join(folder, 'postmaster.pid');
  const listed = existsSync(pidFile)
    ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    : Number.NaN;
  // Every process of a Postgres server works in its data folder.
  const running = processesIn(folder).filter((pid) => commandLine(pid).includes('postgres'));
  if (running.includes(listed)) {
    const identity = identify(listed);
    if (identity !== undefined) await endProcess(identity, postgresSteps);
  }
  const orphans = running.map(identify).filter((it): it is ProcessIdentity => it !== undefined);
  await Promise.all(
    orphans.map(async (orphan) => {
      if (
        await endProcess(orphan, [
          ['SIGQUIT', 5_000],
          ['SIGKILL', 5_000],
        ])
      )
        return;
      throw new ProcessFailed(
        `A Postgres process (pid ${orphan.pid}) still runs on ${folder} and does not end. ` +
          'End it by hand and start again.',
      );
    }),
  );
  if (!Number.isNaN(listed)) rmSync(pidFile, { force: true });
}
