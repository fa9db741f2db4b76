import type { Guard } from './guards.ts';
import { Broken, judgeSessions, judgeTransaction } from './judge.ts';
import type { Laboratory, Observation } from './laboratory.ts';
import { createRewriting } from './rewriting.ts';
import { createStage, type Scenario } from './stage.ts';
import { groupsOf, startWorld, type World } from './world.ts';

/** What was found: how much was looked at, and the first broken promise with the steps that lead to it. */
export interface Exploration {
  /** Different states: of the database, of its locks, and of what each session has been told. */
  readonly states: number;
  readonly steps: number;
  readonly runs: number;
  /** The most steps of a run. Every order is covered to its end, not to a bound. */
  readonly depth: number;
  /** How the jobs were when all sessions had ended. */
  readonly ends: readonly string[];
  readonly broken:
    | { readonly promise: string; readonly detail: string; readonly path: readonly string[] }
    | undefined;
}

export interface ExploreOptions {
  /** Guards that are switched off. */
  readonly without?: readonly Guard[];
  /** Follows a state again that was met before: every order by itself. */
  readonly everyOrder?: boolean;
}

/** A state, by the way to it, and the session whose step was not tried there yet. */
interface Branch {
  readonly path: readonly string[];
  readonly next: string;
  readonly world: World;
  readonly key: string;
}

/** How often a run is begun again that has not come to the state it should. */
const mostReplays = 5;

/**
 * Explores every order of the actors' statements, depth first. Each branch is a run of its own, from a fresh
 * state along the path to it; a state that was met before is not followed again.
 *
 * @throws AssertionError where a guard could not be switched off.
 */
export async function explore(
  laboratory: Laboratory,
  scenario: Scenario,
  { without = [], everyOrder = false }: ExploreOptions = {},
): Promise<Exploration> {
  const rewriting = await createRewriting(laboratory.fixture.admin, without);
  const stage = createStage(laboratory, scenario, rewriting.rewrite);
  const known = new Set<string>();
  const ends = new Set<string>();
  const branches: Branch[] = [];
  const count = { steps: 0, runs: 0, depth: 0 };

  const keyOf = (world: World, { text }: Observation): string =>
    JSON.stringify([world, text, stage.places()]);

  async function start(): Promise<void> {
    await stage.begin();
    const seen = await stage.observe();
    const world = startWorld(seen.jobs, seen.dataset);
    await follow({ path: [], world, key: keyOf(world, seen) });
  }

  async function replay(branch: Branch): Promise<void> {
    for (let replays = 1; ; replays += 1) {
      await stage.begin();
      for (const name of branch.path) await stage.step(name);
      if (keyOf(branch.world, await stage.observe()) === branch.key) break;
      // Two sessions that had waited for the same commit went on in another order.
      if (replays === mostReplays) throw new Error(`Not to be repeated: ${stage.told}.`);
      await stage.abandon();
    }
    const taken = await take(branch.next, branch.world);
    if (taken.isNew) await follow({ ...taken, path: [...branch.path, branch.next] });
  }

  /** Goes on to the end, or to a state that is known; leaves the other ways it meets for later. */
  async function follow(from: Omit<Branch, 'next'>): Promise<void> {
    let { path, world, key } = from;
    for (;;) {
      const [next, ...others] = stage.able;
      if (next === undefined) return await end(world);
      for (const other of others) branches.push({ path, next: other, world, key });
      path = [...path, next];
      const taken = await take(next, world);
      if (!taken.isNew) return;
      ({ world, key } = taken);
    }
  }

  /** @throws Broken */
  async function take(name: string, before: World) {
    await stage.step(name);
    count.steps += 1;
    count.depth = Math.max(count.depth, stage.told.length);
    const seen = await stage.observe();
    const after = groupsOf(seen.changes, name).reduce(judgeTransaction, before);
    const world = judgeSessions(after, stage.sessions);
    const key = keyOf(world, seen);
    const isNew = !known.has(key) || everyOrder;
    known.add(key);
    return { world, key, isNew };
  }

  /** Nobody can go on: all have ended, and what they left is put right by the rescuer. */
  async function end(world: World): Promise<void> {
    const stuck = stage.sessions.filter((it) => it.state !== 'done').map((it) => it.name);
    if (stuck.length > 0) throw new Broken('nobody waits for ever', stuck.join(', '));
    for (const { status } of Object.values(world.jobs)) ends.add(status);
    await laboratory.recover();
    const { jobs, dataset } = await stage.observe();
    const running = jobs.some((row) => row['status'] === 'running');
    if (running) throw new Broken('every job can still end');
    // The rescuer knows nothing of a lock that was there before: operators release it.
    const isOpen = dataset['storage_mode'] === 'read-write' || scenario.setup.abandonedLock;
    if (!isOpen) throw new Broken('no dataset stays locked');
  }

  async function run(): Promise<void> {
    count.runs += 1;
    try {
      const branch = branches.pop();
      await (branch === undefined ? start() : replay(branch));
    } finally {
      await stage.abandon();
    }
  }

  let broken: Exploration['broken'];
  try {
    do await run();
    while (branches.length > 0);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    broken = { promise: error.promise, detail: error.detail, path: stage.told };
  } finally {
    await stage.close();
    await rewriting.restore();
  }
  rewriting.assertApplied();
  return { states: known.size, ...count, ends: [...ends].sort(), broken };
}
