import { type FaultKind, faultKinds, type PlannedFault } from './faults.ts';
import { type Point, points } from './points.ts';
import { createRandom, type Random } from './random.ts';

/** Times are milliseconds after the trial's begin. */
export interface PlannedJob {
  readonly atMs: number;
  /** Start time, from the submission on; undefined: none is given. */
  readonly startInMs: number | undefined;
  readonly api: number;
  readonly cancelAtMs: number | undefined;
  /** A delivery added by hand, beside those of the product. */
  readonly duplicateAtMs: readonly number[];
}

export interface PlannedWrites {
  readonly everyMs: number;
  /** How long a write's transaction stays open after its INSERT. */
  readonly holdMs: number;
  /** Every so manieth write stays open. */
  readonly holdEvery: number;
  /** Every so manieth write is REPEATABLE READ. */
  readonly repeatableEvery: number;
}

/** Statements that carry an old fence. */
export interface PlannedGhost {
  readonly everyMs: number;
  /** TRUNCATE instead of DELETE. */
  readonly truncates: boolean;
}

/** A fault that waits for a job of the dataset to reach its point. */
export interface PointFault extends PlannedFault {
  readonly point: Point;
}

/** A fault at a time, on a service chosen by number. */
export interface TimedFault extends PlannedFault {
  readonly atMs: number;
  readonly service: number;
}

export interface PlannedDataset {
  readonly jobs: readonly PlannedJob[];
  readonly writes: PlannedWrites;
  readonly ghost: PlannedGhost;
  readonly faults: readonly PointFault[];
}

export interface TrialPlan {
  readonly seed: number;
  readonly trial: number;
  readonly datasets: readonly PlannedDataset[];
  readonly timed: readonly TimedFault[];
  /** A delivery of a job that does not exist. */
  readonly strayDelivery: boolean;
}

/** Faults at points, per trial; without the one trial in ten that has no fault at all. */
const pointFaultsPerTrial = 3;

/** Draws the schedule of one trial. It depends on the seed, the number and the points, nothing else. */
export function planTrial(seed: number, trial: number, only: readonly Point[]): TrialPlan {
  const random = createRandom(seed, trial);
  const quietTrial = trial % 10 === 9;
  const faults = quietTrial ? [] : deal(seed, trial, only).map((card) => plan(random, card));
  const count = random.integer(1, 2);
  const datasets = Array.from({ length: count }, (_, index): PlannedDataset => {
    const own = faults.filter((_fault, position) => position % count === index);
    return {
      jobs: planJobs(random),
      writes: planWrites(
        random,
        own.some(({ point }) => point === 'before-lock-commit'),
      ),
      ghost: { everyMs: random.integer(150, 600), truncates: random.chance(0.5) },
      faults: own,
    };
  });
  const timed = Array.from(
    { length: quietTrial ? 0 : random.integer(0, 1) },
    (): TimedFault => ({
      ...plan(random, { kind: random.pick(deckOfKinds) }),
      atMs: random.integer(0, 1_500),
      service: random.integer(0, 5),
    }),
  );
  return { seed, trial, datasets, timed, strayDelivery: random.chance(0.2) };
}

/** A job waits before it locks only where it meets a writer: such a dataset is written all the time. */
function planWrites(random: Random, waits: boolean): PlannedWrites {
  const everyMs = random.integer(30, 150);
  const holdMs = random.chance(waits ? 1 : 0.3) ? random.integer(20, 250) : 0;
  const repeatableEvery = random.integer(2, 6);
  return waits
    ? { everyMs: 1, holdMs, holdEvery: 1, repeatableEvery }
    : { everyMs, holdMs, holdEvery: 3, repeatableEvery };
}

function planJobs(random: Random): PlannedJob[] {
  return Array.from({ length: random.integer(1, 3) }, (): PlannedJob => {
    const atMs = random.integer(0, 500);
    const startInMs = random.pick([undefined, undefined, -5_000, 0, random.integer(100, 1_500)]);
    const cancelled = random.chance(startInMs !== undefined && startInMs > 300 ? 0.4 : 0.1);
    const duplicates = random.chance(0.4) ? random.integer(1, 3) : 0;
    return {
      atMs,
      startInMs,
      api: random.integer(0, 1),
      cancelAtMs: cancelled ? atMs + random.integer(0, 800) : undefined,
      duplicateAtMs: Array.from({ length: duplicates }, () => atMs + random.integer(20, 3_000)),
    };
  });
}

function plan<Card extends { readonly kind: FaultKind }>(random: Random, card: Card) {
  return { ...card, lastsMs: random.integer(200, 3_500), variant: random.chance(0.4) };
}

const deckOfKinds = (Object.keys(faultKinds) as FaultKind[]).flatMap((kind) =>
  Array.from({ length: faultKinds[kind].weight }, () => kind),
);

interface Card {
  readonly point: Point;
  readonly kind: FaultKind;
}

/**
 * Deals the faults of a trial from a deck that holds every point with every kind, shuffled anew each time
 * it is used up: so that coverage is even and not a matter of luck.
 */
function deal(seed: number, trial: number, only: readonly Point[]): Card[] {
  const deck = points
    .filter((point) => only.length === 0 || only.includes(point))
    .flatMap((point) => deckOfKinds.map((kind) => ({ point, kind })));
  const first = trial * pointFaultsPerTrial;
  return Array.from({ length: pointFaultsPerTrial }, (_, index) => {
    const pass = Math.floor((first + index) / deck.length);
    const shuffled = createRandom(seed, 1_000_003, pass).shuffle(deck);
    return shuffled[(first + index) % deck.length] as Card;
  });
}
