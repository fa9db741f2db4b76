import type { RecordStatus } from '@kasabi/domain';

/**
 * A model of one job: its record, its dataset, the queue, two workers, the relay, the rescuer, an operator who
 * may pause and resume, and an owner who may cancel and who loads new data once the job has ended. A step is one commit in Postgres or one
 * operation of Redis; between any two steps a worker may be frozen for as long as it likes, lose its
 * process, or have its delivery repeated. That Postgres makes each step atomic is taken for granted here,
 * and tested on Postgres itself elsewhere.
 */
export interface World {
  readonly status: RecordStatus;
  readonly attempt: number;
  /** How many attempts ended with their worker. */
  readonly lost: number;
  readonly holder: Worker | null;
  /** An operator's pause has returned, and nobody has resumed. */
  readonly paused: boolean;
  /** Time has passed without a heartbeat. */
  readonly leaseExpired: boolean;
  readonly enqueued: boolean;
  /** Deliveries in Redis that no worker has. */
  readonly deliveries: number;
  readonly locked: boolean;
  readonly fence: number;
  readonly data: 'old' | 'none' | 'new';
  readonly clears: number;
  readonly workers: Readonly<Record<Worker, Progress>>;
}

export type Worker = 'a' | 'b';

/** How far a worker is with a delivery, and what it carries. */
export type Progress =
  | { readonly at: 'idle' }
  | { readonly at: 'delivered' }
  | { readonly at: 'claimed'; readonly attempt: number }
  | { readonly at: 'locked'; readonly attempt: number; readonly fence: number };

/** The checks that keep the promises; a test switches each off. */
export interface Checks {
  readonly claimIsGuarded: boolean;
  readonly pauseIsHonoured: boolean;
  readonly lockNeedsLease: boolean;
  readonly clearNeedsFence: boolean;
  readonly completeNeedsLease: boolean;
  readonly rescueUnlocks: boolean;
  readonly rescuerRuns: boolean;
  readonly relayRuns: boolean;
}

export interface Step {
  readonly name: string;
  readonly next: World;
}

export const start: World = {
  status: 'scheduled',
  attempt: 0,
  lost: 0,
  holder: null,
  paused: false,
  leaseExpired: false,
  enqueued: false,
  deliveries: 0,
  locked: false,
  fence: 0,
  data: 'old',
  clears: 0,
  workers: { a: { at: 'idle' }, b: { at: 'idle' } },
};

/** An attempt below this may hit something transient: time, in truth, which the model has not. */
const maxAttempts = 3;

/** A job that has lost this many attempts fails. */
const maxLost = 2;

export const hasEnded = (world: World): boolean =>
  world.status === 'completed' || world.status === 'failed' || world.status === 'cancelled';

/** Everything that may happen next. */
export function steps(world: World, checks: Checks): Step[] {
  const possible: Step[] = [];
  const add = (name: string, change: Partial<World>): void => {
    possible.push({ name, next: { ...world, ...change } });
  };
  // What is not enqueued, and what is overdue because its delivery was lost on the way.
  const missing = !world.enqueued || world.deliveries === 0;
  if (checks.relayRuns && world.status === 'scheduled' && missing) {
    add('relay', { enqueued: true, deliveries: Math.min(world.deliveries + 1, 2) });
  }
  // A wiped Redis, as the relay finds it; and a queue that delivers twice.
  if (world.deliveries > 0) add('wipe', { deliveries: 0, enqueued: false });
  if (world.deliveries === 1) add('repeat', { deliveries: 2 });
  if (world.status === 'running' && !world.leaseExpired) add('time', { leaseExpired: true });
  if (checks.rescuerRuns && world.status === 'running' && world.leaseExpired) {
    add('rescue', {
      status: world.lost + 1 < maxLost ? 'scheduled' : 'failed',
      lost: world.lost + 1,
      ...freed,
      enqueued: false,
      ...(checks.rescueUnlocks && { locked: false }),
    });
  }
  if (!hasEnded(world)) add(world.paused ? 'resume' : 'pause', { paused: !world.paused });
  if (world.status === 'scheduled') add('cancel', { status: 'cancelled' });
  if (hasEnded(world) && !world.locked && world.data !== 'new') add('load', { data: 'new' });
  for (const worker of ['a', 'b'] as const) possible.push(...workerSteps(world, worker, checks));
  return possible;
}

const freed = { holder: null, leaseExpired: false } as const;

function workerSteps(world: World, worker: Worker, checks: Checks): Step[] {
  const possible: Step[] = [];
  const progress = world.workers[worker];
  const add = (name: string, change: Partial<World>, to: Progress = { at: 'idle' }): void => {
    const workers = { ...world.workers, [worker]: to };
    possible.push({ name: `${worker} ${name}`, next: { ...world, ...change, workers } });
  };
  if (progress.at === 'idle') {
    if (world.deliveries > 0) {
      add('delivery', { deliveries: world.deliveries - 1 }, { at: 'delivered' });
    }
    return possible;
  }
  // Its process dies; BullMQ's stalled check may bring the delivery back, or Redis has lost it.
  add('crash', {});
  if (world.deliveries < 2) add('crash and stalled', { deliveries: world.deliveries + 1 });
  if (progress.at === 'delivered') {
    const attempt = world.attempt + 1;
    const claimable = world.status === 'scheduled' || !checks.claimIsGuarded;
    if (!claimable || attempt > maxAttempts + maxLost + 1) add('drop', {});
    else if (world.paused && checks.pauseIsHonoured) {
      // Given back for a while.
      add('snooze', { deliveries: Math.min(world.deliveries + 1, 2) });
    } else {
      const change = { status: 'running', attempt, holder: worker, leaseExpired: false } as const;
      add('claim', change, { at: 'claimed', attempt });
    }
    return possible;
  }
  const holds =
    world.status === 'running' && world.holder === worker && world.attempt === progress.attempt;
  if (holds && world.leaseExpired) add('heartbeat', { leaseExpired: false }, progress);
  if (holds) {
    add('fail', { status: 'failed', ...freed, locked: false });
    if (world.attempt < maxAttempts) {
      add('retry', { status: 'scheduled', ...freed, locked: false, enqueued: false });
      add('release', { status: 'scheduled', ...freed, locked: false, enqueued: false });
    }
  }
  if (progress.at === 'claimed') {
    const fence = world.fence + 1;
    if (!holds && checks.lockNeedsLease) add('lock refused', {});
    else add('lock', { locked: true, fence }, { at: 'locked', attempt: progress.attempt, fence });
    return possible;
  }
  const fenced = world.locked && world.fence === progress.fence;
  if ((!fenced && checks.clearNeedsFence) || (!holds && checks.completeNeedsLease)) {
    add('clear refused', {});
  } else {
    const change = { status: 'completed', ...freed, locked: false } as const;
    add('clear', { ...change, data: 'none', clears: world.clears + 1 });
  }
  return possible;
}
