import { createOwner } from '@kasabi/accounts';
import type { Coverage } from './arms.ts';
import { checkDrained } from './check-drained.ts';
import type { Fault } from './faults.ts';
import type { Patch } from './image.ts';
import type { Invariant } from './invariants.ts';
import type { Options } from './options.ts';
import { planTrial } from './schedule.ts';
import { runTrial, type TrialResult } from './trial.ts';
import { createWorld, type World } from './world.ts';

/** A run's outcome. */
export interface RunResult {
  readonly trials: readonly TrialResult[];
  readonly failed: readonly TrialResult[];
  readonly faults: readonly Fault[];
  readonly coverage: Coverage;
  readonly durationMs: number;
}

export interface RunOptions {
  readonly patches?: readonly Patch[];
  /** Invariants that are not judged; none unless set. */
  readonly without?: readonly Invariant[];
  /** Whether the first failure ends the run. */
  readonly stopAtFailure: boolean;
  readonly log: (line: string) => void;
  readonly onFailure: (result: TrialResult) => void;
}

/** Runs all trials, several at once: each slot takes the next number when it is free. */
export async function run(options: Options, settings: RunOptions): Promise<RunResult> {
  const world = await createWorld({ ...settings, redis: options.redis });
  const begun = performance.now();
  const done: TrialResult[] = [];
  const failed: TrialResult[] = [];
  const draining: Promise<void>[] = [];
  const stopping = new AbortController();
  const owner = 'chaos';
  let next = options.first;

  const judge = (result: TrialResult): void => {
    const violations = result.violations.filter((it) => !settings.without?.includes(it.invariant));
    if (violations.length === 0) return;
    failed.push({ ...result, violations });
    settings.onFailure({ ...result, violations });
  };
  const over = (): boolean =>
    next >= options.first + options.trials || (settings.stopAtFailure && failed.length > 0);

  async function slot(): Promise<void> {
    while (!over()) {
      const number = next;
      next += 1;
      const result = await runTrial(world, owner, planTrial(options.seed, number, options.points));
      // The history is long and of interest only when something went wrong.
      done.push({ ...result, history: '' });
      judge(result);
      if (slowestOf(world, result) > (options.slowMs ?? Number.POSITIVE_INFINITY)) {
        settings.log(`Trial ${number} took its time:\n${result.history}`);
      }
      // Redis may take its time with what is of no use any more; no slot has to wait for that.
      draining.push(drain(world, result, stopping.signal).then(judge));
      if (done.length % 20 === 0) settings.log(progress(done, failed, begun));
    }
  }

  try {
    await createOwner(world.stack.admin, owner);
    await Promise.all(Array.from({ length: options.parallel }, slot));
    if (!(settings.stopAtFailure && failed.length > 0)) await Promise.all(draining);
    return {
      ...{ trials: done, failed, faults: world.faults, coverage: world.arms.coverage },
      durationMs: performance.now() - begun,
    };
  } finally {
    stopping.abort();
    await Promise.all(draining);
    await world.stack.stop();
  }
}

async function drain(world: World, result: TrialResult, signal: AbortSignal): Promise<TrialResult> {
  // A job that has not ended may be held; that it has not ended is a violation of its own.
  const ended = result.outcomes.flatMap(({ jobs }) => jobs.filter((job) => job.end_time !== null));
  return { ...result, violations: await checkDrained(world, ended, signal) };
}

/** The longest that a job of the trial took to its end once it was due and its faults were over. */
function slowestOf(world: World, { plan, outcomes }: TrialResult): number {
  const own = world.faults.filter((fault) => fault.trial === plan.trial);
  const jobs = outcomes.flatMap((it) => it.jobs);
  const times = jobs.map(({ start_time: start, end_time: end }) => {
    const over = own.filter((fault) => fault.from < (end ?? 0)).map((fault) => fault.to ?? 0);
    return (end ?? 0) - Math.max(start, ...over);
  });
  return Math.max(0, ...times);
}

function progress(done: readonly unknown[], failed: readonly unknown[], begun: number): string {
  const minutes = (performance.now() - begun) / 60_000;
  const pace = (done.length / minutes).toFixed(0);
  return `${done.length} trials, ${failed.length} with violations, ${pace} a minute`;
}
