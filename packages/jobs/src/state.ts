import type { RecordStatus } from '@kasabi/domain';

/**
 * What can happen to a job record. Each event is one file beside this one, named by its verb, with one
 * guarded statement (`fence` is in `confirm-lease.ts`); `accept` makes the record.
 */
export type JobEvent =
  | 'claim' // a worker takes the job, with a lease
  | 'heartbeat' // its worker is alive: the lease is extended
  | 'progress' // its worker says how far it has come
  | 'fence' // its worker locks the dataset, and its lease is confirmed
  | 'complete' // its effect and its record are committed
  | 'fail' // it cannot be done, or not within the time allowed for retries
  | 'retry' // this attempt met a transient problem; another one follows
  | 'release' // its worker shuts down and gives it back; the attempt does not count
  | 'rescue' // its lease has expired: it gets another attempt, unless too many were lost
  | 'cancel'; // its owner or an operator cancels it; while it runs, only if its type allows that

/** Nothing happens to a job that has ended. */
const ended: Record<JobEvent, readonly RecordStatus[]> = {
  claim: [],
  heartbeat: [],
  progress: [],
  fence: [],
  complete: [],
  fail: [],
  retry: [],
  release: [],
  rescue: [],
  cancel: [],
};

/**
 * The state machine: for each state and event, where the event may lead. An empty list means that it is refused and
 * changes nothing. A test runs every cell against the statements.
 *
 *     accept ──► scheduled ──claim──► running ──complete──► completed
 *                 │     ▲                │
 *              cancel   └─ retry, release, rescue
 *                 ▼                      │
 *             cancelled ◄──cancel────────┴──fail, rescue──► failed
 */
export const transitions: Record<RecordStatus, Record<JobEvent, readonly RecordStatus[]>> = {
  scheduled: {
    claim: ['running'],
    heartbeat: [],
    progress: [],
    fence: [],
    complete: [],
    fail: [],
    retry: [],
    release: [],
    rescue: [],
    cancel: ['cancelled'],
  },
  running: {
    claim: [],
    heartbeat: ['running'],
    progress: ['running'],
    fence: ['running'],
    complete: ['completed'],
    fail: ['failed'],
    retry: ['scheduled'],
    release: ['scheduled'],
    rescue: ['scheduled', 'failed'],
    cancel: ['cancelled'],
  },
  completed: ended,
  failed: ended,
  cancelled: ended,
};
