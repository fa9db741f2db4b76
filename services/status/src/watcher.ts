import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLoop, type JobRecord, type Loop, readChanges, type Watched } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';

export interface WatcherOptions {
  readonly db: Database;
  /** Pause between looks at the records, in milliseconds. */
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
}

/** Told of a job's record after a change, or of nothing when the watcher lets go of all who wait. */
export type Tell = (record: JobRecord | undefined) => void;

/** Waits for jobs to change state, for any number of waiters at the cost of one statement a round. */
export interface Watcher {
  /**
   * Calls `tell` once the job is in another state than the one known, at most once, and returns what
   * ends the wait before.
   */
  watch(known: Watched, tell: Tell): () => void;
  /** Tells all who wait, and from now on everyone at once, that there is nothing to wait for. */
  release(): void;
  /** How many wait just now. */
  readonly waiting: number;
  readonly loop: Loop;
}

/** Those who know the same of the same job. */
interface Group {
  readonly known: Watched;
  readonly waiters: Set<Tell>;
}

/**
 * So many are told in one turn of the event loop. Their answers leave at the end of a turn: told all at
 * once, the first of thousands would have to wait until the last answer is made.
 */
const toldPerTurn = 50;

/**
 * Polls rather than LISTENs: a NOTIFY in each transition would serialise all commits on one lock, and
 * does not reach a replica, from which this service may read. A round with nobody waiting asks nothing.
 */
export function createWatcher(options: WatcherOptions): Watcher {
  const groups = new Map<string, Group>();
  let waiting = 0;
  let released = false;

  async function runOnce(): Promise<void> {
    if (groups.size === 0) return;
    const asked = [...groups.values()];
    const changes = await readChanges(
      options.db,
      asked.map((group) => group.known),
    );
    let told = 0;
    for (const { position, record } of changes) {
      for (const tell of asked[position]?.waiters ?? []) {
        tell(record);
        told += 1;
        if (told % toldPerTurn === 0) await nextTurn();
      }
    }
  }

  return {
    watch({ id, status, attempt }, tell) {
      if (released) {
        tell(undefined);
        return () => undefined;
      }
      const name = `${id} ${status} ${attempt}`;
      const group = groups.get(name) ?? { known: { id, status, attempt }, waiters: new Set() };
      groups.set(name, group);
      const end = (): void => {
        if (!group.waiters.delete(once)) return;
        waiting -= 1;
        if (group.waiters.size === 0) groups.delete(name);
      };
      const once: Tell = (record) => {
        end();
        tell(record);
      };
      group.waiters.add(once);
      waiting += 1;
      return end;
    },
    release() {
      released = true;
      for (const group of groups.values()) {
        for (const tell of group.waiters) tell(undefined);
      }
    },
    get waiting() {
      return waiting;
    },
    loop: createLoop({
      name: 'watcher',
      intervalMs: options.intervalMs,
      runOnce,
      onError: options.onError,
    }),
  };
}
