export { formatDateTime } from './dates.ts';
export * from './documents.ts';
export * from './error-catalog.ts';
export * from './errors.ts';
export { parseIdempotencyKey } from './idempotency.ts';
export * from './job-list-request.ts';
export {
  type JobRequest,
  jobRequestParameters,
  jobRequestParts,
  parseJobParameters,
  parseJobRequest,
  typedParts,
} from './job-request.ts';
export { type Gathered, gatherParameters, type Parameters } from './parameters.ts';
export { parsePreferWait } from './prefer.ts';
export { refusalOf } from './refusals.ts';
export { failureReasons, jobStatuses, recordStatusesOf } from './statuses.ts';
