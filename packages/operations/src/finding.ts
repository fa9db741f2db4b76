import type { SickState } from '@kasabi/postgres';
import type { Acknowledgement } from './acknowledgement.ts';
import type { Overview } from './overview.ts';

/** Everything that can be found wrong, by a name that the page, `doctor`, the alerts and the runbooks share. */
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
  'redis-wiped',
  'worker-frozen',
  'queue-backlog',
  'job-fails',
  'clock-off',
] as const;

export type FindingCode = (typeof findingCodes)[number];

/** `critical`: jobs do not run, or a dataset is kept from its owner. `warning`: that may follow. */
export type Severity = 'critical' | 'warning';

/** What a finding is about, where that is not the system as a whole. */
export interface FindingSubject {
  readonly kind: 'job' | 'dataset' | 'worker';
  /** A job's id, a dataset's short code, a worker's holder. */
  readonly id: string;
}

/** What helps at once, and has a button on the page. */
export type Remedy = 'unlock' | 'retry' | 'resume';

/** Something that is wrong. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** What is wrong and where, in a sentence. */
  readonly what: string;
  /** Since when, as far as that is known. */
  readonly since?: Date;
  /** What to do about it. */
  readonly todo: string;
  /** What it is about; absent for the system as a whole. */
  readonly subject?: FindingSubject;
  readonly remedy?: Remedy;
  /** Of a finding about an event: what tells it from the next one about the same subject. */
  readonly event?: string;
  /** Present when an operator has seen to it: then it is no alarm. */
  readonly acknowledged?: Acknowledgement;
}

/** What is known. Whoever asks for a diagnosis gathers as much of it as it can. */
export interface Facts {
  /** Undefined when Postgres did not answer; `postgresError` then says how. */
  readonly overview: Overview | undefined;
  readonly postgresError?: string | undefined;
  /** The state that Postgres is known to be in, whether or not it could be read. */
  readonly postgresSick?: SickState | undefined;
  /** Why this Postgres must have been restored, by what Redis has seen; see `readRestored`. */
  readonly restored?: string | undefined;
  /** Whether Redis answered the one who asks; undefined when it has no connection to it. */
  readonly redisAnswers?: boolean | undefined;
  /** Why it takes no writes, if it answers all the same: as a sentence goes on after "Redis". */
  readonly redisTrouble?: string | undefined;
  /** How far the clock of the host that asks is ahead of Postgres's, in milliseconds. */
  readonly clockOffsetMs?: number | undefined;
}
