export { dateTimePattern, formatDateTime, readDateTime } from './dates.ts';
export {
  type DatasetStatusDocument,
  datasetStatusDocument,
  type JobDocument,
  type JobFacts,
  type JobListDocument,
  jobDocument,
  jobDocumentOf,
  jobListDocument,
  jobListEntry,
  legacyStatuses,
  type SuccessStatus,
  successStatuses,
} from './documents.ts';
export * from './errors.ts';
export { parseIdempotencyKey } from './idempotency.ts';
export {
  cursorAfter,
  type JobListRequest,
  jobListParameters,
  parseJobListRequest,
} from './job-list-request.ts';
export {
  type JobRequest,
  jobRequestParameters,
  type ParsedJobRequest,
  parseJobRequest,
} from './job-request.ts';
export {
  type Gathered,
  gatherParameters,
  type ParameterSources,
  type Parameters,
} from './parameters.ts';
export { parsePreferWait } from './prefer.ts';
export {
  type FailureReason,
  failureReasons,
  type JobStatus,
  jobStatuses,
  recordStatusesOf,
} from './statuses.ts';
