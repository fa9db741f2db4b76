export {
  type AcceptedJob,
  type AcceptOptions,
  type AcceptOutcome,
  type AcceptRequest,
  acceptJobs,
  idempotencyHours,
  type Rejection,
} from './accept.ts';
export type { AskedJob } from './asked-job.ts';
export { backoffMs } from './backoff.ts';
export { type BeatKeeper, BeatMissing, type BeatOptions, createBeat } from './beat.ts';
export { type CancelOutcome, cancel } from './cancel.ts';
export { cancelAsked } from './cancel-asked.ts';
export { readChanges, type Watched } from './changes.ts';
export { type Claim, type ClaimOutcome, claim } from './claim.ts';
export { claimsSettled } from './claims-under-way.ts';
export { complete } from './complete.ts';
export { LeaseLost } from './errors.ts';
export { type FailOptions, fail } from './fail.ts';
export { type FindOutcome, findJobs } from './find.ts';
export { heartbeat } from './heartbeat.ts';
export { type ListJobsOptions, listJobs } from './list.ts';
export { markEnqueued } from './mark-enqueued.ts';
export { nextDue } from './next-due.ts';
export { oldestDueMs } from './oldest-due.ts';
export { createPruner, type PrunerOptions } from './pruner.ts';
export { type JobRecord, recordColumns, recordSource } from './record.ts';
export { recordFence } from './record-fence.ts';
export { createRelay, type RelayOptions } from './relay.ts';
export { release } from './release.ts';
export { type Rescued, type RescueOptions, rescue } from './rescue.ts';
export { createRescuer, type RescuerOptions } from './rescuer.ts';
export { type Beat, readRestored } from './restored.ts';
export { type RetryOptions, retry } from './retry.ts';
export { type JobEvent, transitions } from './state.ts';
export type { NotedEvent } from './transition.ts';
