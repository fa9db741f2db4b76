export {
  type AcceptedJob,
  type AcceptOutcome,
  type AcceptRequest,
  acceptInStatement,
  acceptJobs,
  type Rejection,
} from './accept.ts';
export type { AskedJob } from './asked-job.ts';
export { backoffMs } from './backoff.ts';
export { BeatMissing, createBeat } from './beat.ts';
export { cancel } from './cancel.ts';
export { cancelAsked } from './cancel-asked.ts';
export { readChanges, type Watched } from './changes.ts';
export { type Claim, type ClaimOutcome, claim } from './claim.ts';
export { claimsSettled } from './claims-under-way.ts';
export { complete } from './complete.ts';
export { confirmLease } from './confirm-lease.ts';
export { LeaseLost } from './errors.ts';
export { fail } from './fail.ts';
export { filterSql, filterTimes, type JobFilter } from './filter-sql.ts';
export { type FindOutcome, findJobs } from './find.ts';
export { heartbeat } from './heartbeat.ts';
export { type Maker, readMakers } from './made-objects.ts';
export { markEnqueued } from './mark-enqueued.ts';
export { type NewestExport, newestExports } from './newest-exports.ts';
export { nextDue } from './next-due.ts';
export { oldestDueMs } from './oldest-due.ts';
export { reportProgress } from './progress.ts';
export { createPruner } from './pruner.ts';
export { type JobRecord, recordColumns, recordSource } from './record.ts';
export { createRelay } from './relay.ts';
export { release } from './release.ts';
export { type Rescued, rescue } from './rescue.ts';
export { createRescuer } from './rescuer.ts';
export { findRestoreSource, type RestoreSource, readRestoreSource } from './restore-source.ts';
export { readRestored } from './restored.ts';
export { retry } from './retry.ts';
export { type JobSearch, mostLookedAt, searchJobs } from './search.ts';
export { type JobEvent, transitions } from './state.ts';
export { copySessionName, endStraySessions } from './stray-sessions.ts';
export type { NotedEvent } from './transition.ts';
export { unlockCancelled } from './unlock-cancelled.ts';
