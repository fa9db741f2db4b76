export { formatDateTime, parseDateTime } from './dates.ts';
export {
  type DatasetStatusDocument,
  datasetStatusDocument,
  type JobDocument,
  jobDocument,
  legacyStatuses,
  type SuccessStatus,
  successStatuses,
} from './documents.ts';
export * from './errors.ts';
export {
  type JobRequest,
  jobRequestParameters,
  type ParsedJobRequest,
  parseJobRequest,
} from './job-request.ts';
export { type JobType, type JobTypeEntry, jobTypeNames, jobTypes } from './job-types.ts';
export {
  type Gathered,
  gatherParameters,
  type ParameterSources,
  type Parameters,
} from './parameters.ts';
export { datasetCodePattern } from './short-code.ts';
export { type JobStatus, jobStatuses } from './statuses.ts';
export { suggest } from './suggest.ts';
