import type { RecordStatus } from '@kasabi/domain';
import type { Acknowledgement } from './acknowledgement.ts';
import type { BusyJob } from './busy-jobs.ts';
import type { Pause } from './pauses.ts';

/** Counts go no further than this: a longer queue is not counted out at every look. */
export const countLimit = 10_000;

/** A worker's row. Ages are in milliseconds, by Postgres's clock. */
export interface WorkerState {
  readonly holder: string;
  readonly host: string;
  readonly version: string;
  readonly started: Date;
  /** Its last report. */
  readonly seen: Date;
  readonly silentMs: number;
  readonly concurrency: number;
  readonly running: number;
  /** How far its host's clock is ahead of Postgres's; null until it was compared. */
  readonly clockOffsetMs: number | null;
  /** Whether Redis would take a write. */
  readonly redisAnswers: boolean;
  /** Why not, if it answers all the same: as a sentence goes on after "Redis". */
  readonly redisTrouble: string | null;
  /** Since the last good round of its relay ended, as of its last report; null before the first. */
  readonly sinceRelayMs: number | null;
  readonly relayIntervalMs: number;
  readonly sinceRescueMs: number | null;
  /** When its relay last found that Redis had lost what it held, and of how many jobs. */
  readonly redisLost: Date | null;
  readonly redisForgotten: number | null;
  /** Running jobs whose lease it has, by their records: of a silent worker, those still to be rescued. */
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
  /** For how long its job's lease has been over; null while it holds, or when there is none. */
  readonly leaseExpiredMs: number | null;
}

/**
 * A job that fails: at its third attempt or later, or failed within a day, without a later job of its dataset
 * that completed (a repetition is one). Those that find their dataset
 * busy are told of by themselves.
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

/** How things are at one moment, by Postgres's clock. */
export interface Overview {
  readonly now: Date;
  /** Whether this Postgres takes no writes: it was made read-only, or is a standby in recovery. */
  readonly readOnly: boolean;
  readonly inRecovery: boolean;
  /** Jobs that wait, at most `countLimit`. */
  readonly scheduled: number;
  /** Those of them that are due. */
  readonly due: number;
  readonly running: number;
  /**
   * For how long the oldest due job has waited to be taken up; 0 when none is due. What waits behind a job that
   * finds its dataset busy is none of them, nor is what is paused.
   */
  readonly oldestDueMs: number;
  /** At most 100, the longest locked first. */
  readonly lockedDatasets: readonly LockedDataset[];
  /** The workers that reported within a day, the latest report first; at most 200. */
  readonly workers: readonly WorkerState[];
  /** That of all datasets first, then the oldest. */
  readonly pauses: readonly Pause[];
  readonly relay: {
    /** Records that Redis should hold and was never handed, at most `countLimit`. */
    readonly backlog: number;
    /** For how long it should have held the oldest of them; 0 when there is none. */
    readonly lagMs: number;
    /** Since the last good round of any relay; null when none is known. */
    readonly lastRoundAgeMs: number | null;
  };
  /** Those that hold; at most 1000. */
  readonly acknowledgements: readonly Acknowledgement[];
  /** At most 20 of each kind. */
  readonly troubledJobs: readonly TroubledJob[];
  /** At most 20, the longest waiting first. */
  readonly busyJobs: readonly BusyJob[];
}
