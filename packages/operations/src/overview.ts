import type { RecordStatus } from '@kasabi/domain';
import type { Acknowledgement } from './acknowledgement.ts';
import type { BusyJob } from './busy-jobs.ts';
import type { Pause } from './pauses.ts';
import type { StandbyState } from './standbys.ts';

/** Where counts stop, so that a long queue is not counted to its end at every look. */
export const countLimit = 10_000;

/** A worker, as it last reported. Ages are in milliseconds, by Postgres's clock. */
export interface WorkerState {
  readonly holder: string;
  readonly host: string;
  readonly version: string;
  readonly started: Date;
  /** When it last reported. */
  readonly seen: Date;
  readonly silentMs: number;
  readonly concurrency: number;
  readonly running: number;
  /** How far its host's clock is ahead of Postgres's; null before they were compared. */
  readonly clockOffsetMs: number | null;
  /** Whether Redis would accept a write. */
  readonly redisAnswers: boolean;
  /** Why it would not although it answers: the part of the sentence after "Redis". */
  readonly redisTrouble: string | null;
  /** Why it could not write to the export store; null if it could. */
  readonly storeTrouble: string | null;
  /** Since the last successful round of its relay, when it last reported; null before the first. */
  readonly sinceRelayMs: number | null;
  readonly relayIntervalMs: number;
  readonly sinceRescueMs: number | null;
  /** When its relay last found that Redis had lost its data, and how many jobs Redis had forgotten. */
  readonly redisLost: Date | null;
  readonly redisForgotten: number | null;
  /** How many leases it has, according to the job records: for a silent worker, the jobs still to be rescued. */
  readonly heldJobs: number;
}

/** A dataset that is read-only. */
export interface LockedDataset {
  readonly code: string;
  /** The job that holds the lock. */
  readonly lockedBy: string;
  readonly lockedAt: Date;
  readonly lockedMs: number;
  /** Null when there is no such job. */
  readonly jobStatus: RecordStatus | null;
  /** How long ago its job's lease ran out; null if it has not, or if there is none. */
  readonly leaseExpiredMs: number | null;
}

/**
 * A job that is at its third attempt or later, or has failed within a day without a later job of its dataset having
 * completed (one that repeats it, for example). Jobs that find their dataset busy are not among them: see `BusyJob`.
 */
export interface TroubledJob {
  readonly id: string;
  readonly dataset: string;
  readonly type: string;
  readonly status: RecordStatus;
  readonly attempt: number;
  readonly message: string | null;
  readonly endTime: Date | null;
}

/** The state of the whole system at one moment, by Postgres's clock. */
export interface Overview {
  readonly now: Date;
  /** Whether this Postgres accepts no writes: it was made read-only, or is a standby in recovery. */
  readonly readOnly: boolean;
  readonly inRecovery: boolean;
  /** Scheduled jobs, at most `countLimit`. */
  readonly scheduled: number;
  /** How many of them are due. */
  readonly due: number;
  readonly running: number;
  /**
   * How long the oldest due job has waited to be claimed; 0 when none is due. Paused jobs do not count, nor do those
   * behind a job that finds its dataset busy.
   */
  readonly oldestDueMs: number;
  /** At most 100, the one locked longest first. */
  readonly lockedDatasets: readonly LockedDataset[];
  /** The workers that have reported within a day, the latest report first; at most 200. */
  readonly workers: readonly WorkerState[];
  /** The pause of all jobs first, then the oldest. */
  readonly pauses: readonly Pause[];
  readonly relay: {
    /** Jobs that Redis should hold but was never handed, at most `countLimit`. */
    readonly backlog: number;
    /** How long Redis should have held the oldest of them; 0 when there is none. */
    readonly lagMs: number;
    /** Since the last successful round of any relay; null when none is known. */
    readonly lastRoundAgeMs: number | null;
  };
  /** Those that have not run out, at most 1000. */
  readonly acknowledgements: readonly Acknowledgement[];
  /** At most 20 of each kind. */
  readonly troubledJobs: readonly TroubledJob[];
  /** At most 20, the longest waiting first. */
  readonly busyJobs: readonly BusyJob[];
  /** The standbys of the Postgres that was read; at most 20, the one furthest behind first. */
  readonly standbys: readonly StandbyState[];
}
