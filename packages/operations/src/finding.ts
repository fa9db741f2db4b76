import type { SickState } from '@kasabi/postgres';
import type { Acknowledgement } from './acknowledgement.ts';
import type { Overview } from './overview.ts';

/** Names for everything that can be wrong; the page, `doctor`, the alerts and the runbooks share them. */
export const findingCodes = [
  'postgres-down',
  'postgres-sick',
  'redis-down',
  'redis-sick',
  'postgres-restored',
  'no-worker',
  'relay-stopped',
  'dataset-abandoned',
  'dataset-busy',
  'paused',
  'export-store-sick',
  'redis-wiped',
  'worker-frozen',
  'queue-backlog',
  'job-fails',
  'clock-off',
] as const;

export type FindingCode = (typeof findingCodes)[number];

/** `critical`: jobs do not run, or an owner cannot write to a dataset. `warning`: that may follow. */
export type Severity = 'critical' | 'warning';

/** What a finding is about, if not the whole system. */
export interface FindingSubject {
  readonly kind: 'job' | 'dataset' | 'worker';
  /** A job's id, a dataset's short code, a worker's holder. */
  readonly id: string;
}

/** An action that helps, with a button on the page. */
export type Remedy = 'unlock' | 'retry' | 'resume';

/** Something that is wrong. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** What is wrong and where, in one or more sentences. */
  readonly what: string;
  /** Since when, if that is known. */
  readonly since?: Date;
  /** What to do about it. */
  readonly todo: string;
  /** Absent for the system as a whole. */
  readonly subject?: FindingSubject;
  readonly remedy?: Remedy;
  /** For a finding about an event: what distinguishes it from the next one about the same subject. */
  readonly event?: string;
  /** Present when an operator has acknowledged it: then it raises no alarm. */
  readonly acknowledged?: Acknowledgement;
}

/** What a diagnosis is made from. Each caller provides what it can find out. */
export interface Facts {
  /** Undefined when Postgres did not answer; `postgresError` then says why. */
  readonly overview: Overview | undefined;
  readonly postgresError?: string | undefined;
  /** The state that Postgres is in, if it is a known one; also when it could be read. */
  readonly postgresSick?: SickState | undefined;
  /** Why this Postgres must have been restored, judging by Redis; see `readRestored`. */
  readonly restored?: string | undefined;
  /** Whether Redis answered the caller; undefined if the caller has no connection to it. */
  readonly redisAnswers?: boolean | undefined;
  /** Why Redis accepts no writes although it answers: the part of the sentence after "Redis". */
  readonly redisTrouble?: string | undefined;
  /** How far the caller's clock is ahead of Postgres's, in milliseconds. */
  readonly clockOffsetMs?: number | undefined;
}
