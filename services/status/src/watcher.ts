import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Access, authorizeAll } from '@kasabi/accounts';
import type { Refusal } from '@kasabi/domain';
import { type JobRecord, readChanges, type Watched } from '@kasabi/jobs';
import type { Database } from '@kasabi/postgres';
import { createLoop } from '@kasabi/runtime';
import type { FoundJob } from './read-job.ts';
import { knownAtOf, type Sources, sourceFor } from './sources/sources.ts';

export interface WatcherOptions {
  readonly sources: Sources;
  /** The pause between looks at the records, in milliseconds. */
  readonly intervalMs: number;
  /** The pause between looks at the keys, in milliseconds; a second unless set. */
  readonly accessIntervalMs?: number;
  readonly onError: (error: unknown) => void;
}

/** Why a wait ends. `let-go`: the service stops. */
export type News =
  | { readonly outcome: 'changed'; readonly record: JobRecord; readonly knownAt: number }
  | { readonly outcome: Refusal | 'let-go' };
export type Tell = (news: News) => void;

interface Waiter {
  readonly access: Group<Access>;
  readonly tell: Tell;
}

/** The waiters that know the same state of the same job, or that have the same key for the same dataset. */
interface Group<Of> {
  readonly of: Of;
  readonly waiters: Set<Waiter>;
  /** When this was last known to be so, as in `Fresh`: a standby that is not as far is not asked. */
  knownAt: number;
}

/**
 * The most waiters that are told in one turn of the event loop. Answers are sent at the end of a turn: if all were told
 * at once, the first of thousands would have to wait until the last answer is made.
 */
const toldPerTurn = 50;

/** The most changes that are read together: the records of thousands would take tens of megabytes. */
const mostChanges = 1_000;

/**
 * Watches jobs for changes of state, for any number of waiters at the cost of one statement per round.
 *
 * It polls and does not LISTEN: a NOTIFY in each transition would serialize all commits on one lock, and would not
 * reach a standby, from which this service may read. A round without waiters sends no statement.
 *
 * A key is checked again while its waiters wait, and once more after a change was read, before they are told of it. So
 * a waiter whose key is no longer valid learns nothing about later changes.
 */
export function createWatcher(options: WatcherOptions) {
  const { sources, intervalMs, accessIntervalMs = 1_000, onError } = options;
  const states = new Map<string, Group<Watched>>();
  const accesses = new Map<string, Group<Access>>();
  let waiting = 0;
  let isOver = false;

  async function lookAtJobs(): Promise<void> {
    // Those that were told are not asked about again.
    while (states.size > 0 && (await tellChanges()) >= mostChanges);
  }

  /** Tells the waiters of the first jobs that have changed; returns how many had. */
  async function tellChanges(): Promise<number> {
    let told = 0;
    for (const [db, asked] of bySource(sources, states.values())) {
      const knownAt = knownAtOf(sources, db);
      const changes = await readChanges(
        db,
        asked.map((group) => group.of),
        mostChanges,
      );
      const due = changes.flatMap(({ position, record }) => {
        const news: News =
          record === undefined
            ? { outcome: 'job-unknown' }
            : { outcome: 'changed', record, knownAt };
        return [...(asked[position]?.waiters ?? [])].map((waiter) => ({ waiter, news }));
      });
      const refusals = await refusalsOf(new Set(due.map(({ waiter }) => waiter.access)));
      await tellAll(due.map(({ waiter, news }) => [waiter, refusals.get(waiter.access) ?? news]));
      told = Math.max(told, changes.length);
    }
    return told;
  }

  async function lookAtKeys(): Promise<void> {
    const refusals = await refusalsOf(new Set(accesses.values()));
    for (const [{ waiters }, news] of refusals) {
      await tellAll([...waiters].map((waiter) => [waiter, news]));
    }
  }

  /** The keys that are no longer valid for their dataset, and what their waiters are told. */
  async function refusalsOf(groups: ReadonlySet<Group<Access>>): Promise<Map<Group<Access>, News>> {
    const refusals = new Map<Group<Access>, News>();
    for (const [db, asked] of bySource(sources, groups)) {
      const authorizations = await authorizeAll(
        db,
        asked.map((group) => group.of),
      );
      asked.forEach((group, index) => {
        const outcome = authorizations[index]?.outcome ?? 'refused';
        if (outcome !== 'owner') refusals.set(group, { outcome });
      });
    }
    return refusals;
  }

  async function tellAll(due: readonly (readonly [Waiter, News])[]): Promise<void> {
    let told = 0;
    for (const [waiter, news] of due) {
      // It has gone in the meantime.
      if (!waiter.access.waiters.has(waiter)) continue;
      waiter.tell(news);
      told += 1;
      if (told % toldPerTurn === 0) await nextTurn();
    }
  }

  return {
    /**
     * Calls `tell` once, when the job's state differs from the known one, or when its key may no longer see the job.
     * Returns a function that ends the wait before that.
     */
    watch({ record: { id, status, attempt }, access, knownAt }: FoundJob, tell: Tell): () => void {
      if (isOver) {
        tell({ outcome: 'let-go' });
        return () => undefined;
      }
      const stateName = `${id} ${status} ${attempt}`;
      const state = groupOf(states, stateName, { id, status, attempt }, knownAt);
      const accessName = `${access.keyDigest.toString('base64')} ${access.datasetCode}`;
      const shown = groupOf(accesses, accessName, access, knownAt);
      const end = (): void => {
        if (!state.waiters.delete(waiter)) return;
        shown.waiters.delete(waiter);
        waiting -= 1;
        if (state.waiters.size === 0) states.delete(stateName);
        if (shown.waiters.size === 0) accesses.delete(accessName);
      };
      const waiter: Waiter = {
        access: shown,
        tell: (news) => {
          end();
          tell(news);
        },
      };
      state.waiters.add(waiter);
      shown.waiters.add(waiter);
      waiting += 1;
      return end;
    },
    /** Ends all waits, and from now on every new one at once. */
    letGo(): void {
      isOver = true;
      for (const { waiters } of [...states.values()]) {
        for (const waiter of [...waiters]) waiter.tell({ outcome: 'let-go' });
      }
    },
    /** How many wait now. */
    get waiting() {
      return waiting;
    },
    /** The loops that look at the jobs, and at the keys of those who wait for them. */
    loops: [
      createLoop({ name: 'watcher', intervalMs, runOnce: lookAtJobs, onError }),
      createLoop({ name: 'access', intervalMs: accessIntervalMs, runOnce: lookAtKeys, onError }),
    ],
  };
}

export type Watcher = ReturnType<typeof createWatcher>;

function groupOf<Of>(
  groups: Map<string, Group<Of>>,
  name: string,
  of: Of,
  knownAt: number,
): Group<Of> {
  const group = groups.get(name) ?? { of, waiters: new Set<Waiter>(), knownAt };
  group.knownAt = Math.max(group.knownAt, knownAt);
  groups.set(name, group);
  return group;
}

/** Where to ask about which groups; not about those of which nobody can tell at the moment. */
function bySource<Of>(
  sources: Sources,
  groups: Iterable<Group<Of>>,
): Map<Database, readonly Group<Of>[]> {
  const found = new Map<Database, Group<Of>[]>();
  for (const group of groups) {
    const source = sourceFor(sources, group.knownAt);
    if (source !== undefined) {
      const there = found.get(source);
      if (there === undefined) found.set(source, [group]);
      else there.push(group);
    }
  }
  return found;
}
