import type { WorkerState } from './overview.ts';
import { reportIntervalMs } from './report-worker.ts';

/** A worker that has not reported for so long, in milliseconds, is taken for frozen or lost. */
export const silentAfterMs = 4 * reportIntervalMs;

/** Whether a worker reports, is missing, or is silent and another has taken its place. */
export type WorkerPresence = 'alive' | 'silent' | 'replaced';

/**
 * Which workers are missing. One that fell silent was replaced when a worker has started since its last
 * report (each stands for one that it replaced), wherever that runs, and none of its jobs is left to rescue: as
 * many work as before, and nothing waits for the lost one. A worker that was frozen and wakes up reports again.
 */
export function presenceOf(workers: readonly WorkerState[]): ReadonlyMap<string, WorkerPresence> {
  const presence = new Map<string, WorkerPresence>();
  const silent: WorkerState[] = [];
  const newcomers: WorkerState[] = [];
  for (const worker of workers) {
    const alive = worker.silentMs < silentAfterMs;
    presence.set(worker.holder, alive ? 'alive' : 'silent');
    (alive ? newcomers : silent).push(worker);
  }
  // Who fell silent last has the fewest that can have come for it, so that it comes first.
  for (const worker of silent.sort((one, other) => Number(other.seen) - Number(one.seen))) {
    const index = newcomers.findIndex(({ started }) => started > worker.seen);
    if (index < 0) continue;
    newcomers.splice(index, 1);
    if (worker.heldJobs === 0) presence.set(worker.holder, 'replaced');
  }
  return presence;
}
