import type { Evidence } from './evidence.ts';
import type { Fault } from './faults.ts';
import type { Submission } from './submissions.ts';
import type { Write } from './writer.ts';

/** What the system promises and the suite checks. */
export const invariants = {
  ends: 'every 202 has a record, and every record has ended',
  'ends-once':
    'a record makes legal steps only and ends once; nothing as much as tries to change it then',
  cancelled: 'a job that was called off does not run',
  'failed-with-reason':
    'a job fails only when workers that were hit by faults have lost all its attempts',
  'not-early': 'no attempt begins before its job is due, by the clock of Postgres',
  paused: 'no attempt begins between the return of a pause and its end',
  'one-running': 'a dataset has one running job at most',
  attempts: 'an attempt is lost only to a fault that hit its worker or Postgres',
  unlocked: 'a dataset whose jobs have ended is read-write and takes writes',
  'lock-order': 'each lock has a new fence and a running job, and only its own job ends it',
  'read-only': 'nothing is written while a dataset is locked',
  kept: 'a quad committed after the last job that cleared is there',
  cleared: 'a quad committed before a completed job had locked is gone',
  fenced: 'the guard lets no statement through whose attempt has lost the dataset',
  verified: 'a completing transaction notices by itself that its attempt has lost the dataset',
  lives: 'a service ends only when it is ended',
  recovers: 'a service that was ended starts again, whatever else is away',
  drained: 'a delivery of a job that has ended is dropped, not given back, and leaves Redis',
} as const;

export type Invariant = keyof typeof invariants;

/** A promise that was broken. */
export interface Violation {
  readonly invariant: Invariant;
  readonly detail: string;
}

/** What is known about one dataset after its trial. */
export interface Findings {
  readonly dataset: string;
  readonly evidence: Evidence;
  readonly submissions: readonly Submission[];
  readonly writes: readonly Write[];
  /** Of the whole run, not of this trial only. */
  readonly faults: readonly Fault[];
}
