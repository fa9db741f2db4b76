import { type Attempt, attemptsOf } from './check-attempts.ts';
import type { JobRow } from './evidence.ts';
import type { Findings } from './invariants.ts';
import type { WriteOutcome } from './writer.ts';

/** What is kept of a trial's dataset when its evidence has been judged: a long run has a lot of it. */
export interface Outcome {
  readonly dataset: string;
  readonly jobs: readonly JobRow[];
  readonly attempts: readonly Attempt[];
  readonly accepted: number;
  readonly writes: ReadonlyMap<WriteOutcome, number>;
}

export function outcomeOf({ dataset, evidence, submissions, writes }: Findings): Outcome {
  const counted = new Map<WriteOutcome, number>();
  for (const { outcome } of writes) counted.set(outcome, (counted.get(outcome) ?? 0) + 1);
  return {
    dataset,
    jobs: evidence.jobs,
    attempts: attemptsOf(evidence.changes),
    accepted: submissions.length,
    writes: counted,
  };
}
