import { transitions } from '@kasabi/jobs';
import { type Checks, hasEnded, type Step, start, steps, type World } from './model.ts';

/** What was found: how much was looked at, and the first violation with the steps that lead to it. */
export interface Exploration {
  readonly states: number;
  readonly moves: number;
  /** The longest of the shortest ways to any state: every interleaving is covered to this depth. */
  readonly depth: number;
  readonly violation: { readonly invariant: string; readonly path: readonly string[] } | undefined;
}

interface Visit {
  readonly world: World;
  readonly by: string;
  readonly from: string | undefined;
  readonly depth: number;
}

/** Explores every interleaving, breadth first, until no state is new: to any depth, not to a bound. */
export function explore(checks: Checks): Exploration {
  const visits = new Map<string, Visit>();
  const before = new Map<string, string[]>();
  let frontier: string[] = [remember(start, '', undefined, 0)];
  let moves = 0;
  let depth = 0;

  function remember(world: World, by: string, from: string | undefined, at: number): string {
    const key = JSON.stringify(world);
    if (!visits.has(key)) visits.set(key, { world, by, from, depth: at });
    return key;
  }
  const violated = (invariant: string, key: string, last?: string): Exploration => {
    const path = [...pathTo(visits, key), ...(last === undefined ? [] : [last])];
    return { states: visits.size, moves, depth, violation: { invariant, path } };
  };

  while (frontier.length > 0) {
    const found: string[] = [];
    for (const key of frontier) {
      const { world, depth: at } = visits.get(key) as Visit;
      depth = at;
      for (const step of steps(world, checks)) {
        moves += 1;
        const invariant = brokenBy(world, step);
        if (invariant !== undefined) return violated(invariant, key, step.name);
        const known = visits.size;
        const next = remember(step.next, step.name, key, at + 1);
        if (visits.size > known) found.push(next);
        // An owner need not cancel, so that way out does not count.
        if (step.name === 'cancel') continue;
        const sources = before.get(next) ?? [];
        sources.push(key);
        before.set(next, sources);
      }
    }
    frontier = found;
  }
  const stuck = firstWithoutEnd(visits, before);
  if (stuck !== undefined) return violated('an accepted job can always still end', stuck);
  return { states: visits.size, moves, depth, violation: undefined };
}

/** The invariants of the design, each on one step. */
function brokenBy(world: World, { next }: Step): string | undefined {
  if (world.status !== next.status) {
    const allowed = Object.values(transitions[world.status]).some((to) => to.includes(next.status));
    if (!allowed) return 'a record moves only as the state table says';
  }
  if (world.paused && world.status !== 'running' && next.status === 'running') {
    return 'nothing starts while it is paused';
  }
  if (world.data === 'new' && next.data === 'none') return 'data written after the end stays';
  if (next.clears > 1) return 'a reset takes effect once';
  if (next.status === 'completed' && next.clears === 0) return 'a completed job has had its effect';
  if (next.status !== 'completed' && next.clears > 0) return 'effect and record are one commit';
  if (hasEnded(next) && next.locked) return 'no dataset stays locked after its job';
  if (next.status === 'scheduled' && next.locked)
    return 'no dataset is locked for a job not running';
  return undefined;
}

/** A state from which no way leads to an end; found backwards from the ends. */
function firstWithoutEnd(
  visits: ReadonlyMap<string, Visit>,
  before: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const ends = [...visits].filter(([, visit]) => hasEnded(visit.world)).map(([key]) => key);
  const reaching = new Set(ends);
  const queue = [...ends];
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    for (const source of before.get(key) ?? []) {
      if (reaching.has(source)) continue;
      reaching.add(source);
      queue.push(source);
    }
  }
  return [...visits.keys()].find((key) => !reaching.has(key));
}

function pathTo(visits: ReadonlyMap<string, Visit>, key: string): string[] {
  const path: string[] = [];
  for (let at: string | undefined = key; at !== undefined; at = visits.get(at)?.from) {
    const by = visits.get(at)?.by;
    if (by) path.unshift(by);
  }
  return path;
}
