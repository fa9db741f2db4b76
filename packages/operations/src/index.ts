export {
  type AcknowledgeRequest,
  acknowledgedHours,
  acknowledgeFinding,
  markOf,
  mostAcknowledgedHours,
  unacknowledgeFinding,
} from './acknowledgements.ts';
export {
  type BulkCount,
  type BulkOutcome,
  type BulkRequest,
  type BulkVerb,
  bulkVerbs,
  countForBulk,
  describeBulk,
  describeOutcomes,
  mostInBulk,
  runBulk,
  suits,
} from './bulk.ts';
export type { BusyJob } from './busy-jobs.ts';
export {
  type ActionOnJob,
  cancelAsOperator,
  type OperatorCancelOutcome,
} from './cancel-as-operator.ts';
export { type Counts, type JobCount, readCounts } from './counts.ts';
export {
  countDatasets,
  type DatasetFilter,
  type DatasetSearch,
  type ListedDataset,
  mostDatasetsCounted,
  mostOpenCounted,
  searchDatasets,
} from './dataset-list.ts';
export { type DatasetPage, readDatasetPage } from './dataset-page.ts';
export { alarms, diagnose } from './diagnose.ts';
export { type Drift, readDrift } from './drift.ts';
export { formatDuration } from './duration.ts';
export {
  type Facts,
  type Finding,
  type FindingCode,
  type FindingSubject,
  findingCodes,
  type Remedy,
  type Severity,
} from './finding.ts';
export { type HistoryPoint, readHistory } from './history.ts';
export { type OperatorJob, readJob } from './job.ts';
export {
  describeFilter,
  type FilterParameters,
  filterParameters,
  type ParsedFilter,
  parseJobFilter,
  unknownWord,
} from './job-filter.ts';
export { isWordOf, parseMoment } from './moment.ts';
export {
  type ActionSearch,
  type OperatorAction,
  readOperatorActions,
} from './operator-actions.ts';
export {
  countLimit,
  type LockedDataset,
  type Overview,
  readOverview,
  type TroubledJob,
  type WorkerState,
} from './overview.ts';
export {
  type ActionOnPause,
  type OperatorPauseOutcome,
  pauseAsOperator,
} from './pause-as-operator.ts';
export { type Pause, readPauses } from './pauses.ts';
export {
  type ActionAsked,
  type ActionRecord,
  type OperatorActionName,
  operatorActionNames,
  recordAction,
  recorded,
  recordingRefusal,
} from './record-action.ts';
export { releaseAbandonedLock, type UnlockOutcome } from './release-abandoned-lock.ts';
export { presenceOf, silentAfterMs, type WorkerPresence } from './replaced-workers.ts';
export {
  removeWorker,
  reportIntervalMs,
  reportWorker,
  type WorkerReport,
} from './report-worker.ts';
export {
  type OperatorResumeOutcome,
  type Resumable,
  readResumable,
  resumeAsOperator,
} from './resume-as-operator.ts';
export { type OperatorRetryOutcome, retryAsOperator } from './retry-as-operator.ts';
export { createTally, type TallyOptions } from './tally.ts';
export { readTransitions, type Transition } from './transitions.ts';
export { readUpcoming } from './upcoming.ts';
