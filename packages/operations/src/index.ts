export {
  acknowledgedHours,
  acknowledgeFinding,
  markOf,
  mostAcknowledgedHours,
  unacknowledgeFinding,
} from './acknowledgements.ts';
export {
  type BulkVerb,
  bulkVerbs,
  countForBulk,
  describeBulk,
  describeOutcomes,
  mostInBulk,
  runBulk,
  suits,
} from './bulk.ts';
export type {} from './busy-jobs.ts';
export { cancelAsOperator } from './cancel-as-operator.ts';
export { type Counts, readCounts } from './counts.ts';
export {
  countDatasets,
  type DatasetFilter,
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
} from './finding.ts';
export { type HistoryPoint, readHistory } from './history.ts';
export { type OperatorJob, readJob } from './job.ts';
export {
  type FilterParameters,
  filterParameters,
  type ParsedFilter,
  parseJobFilter,
  unknownWord,
} from './job-filter.ts';
export { isWordOf, parseMoment, parseSpan } from './moment.ts';
export {
  type OperatorAction,
  readOperatorActions,
} from './operator-actions.ts';
export {
  countLimit,
  type LockedDataset,
  type Overview,
  type WorkerState,
} from './overview.ts';
export { pauseAsOperator } from './pause-as-operator.ts';
export { type Pause, readPauses } from './pauses.ts';
export { formatCount, plural } from './plural.ts';
export { readOverview } from './read-overview.ts';
export {
  type OperatorActionName,
  recordAction,
  recorded,
  recordingRefusal,
} from './record-action.ts';
export { type ActionResult, refusalOf } from './refusal.ts';
export { repeatAsOperator } from './repeat-as-operator.ts';
export { presenceOf, type WorkerPresence } from './replaced-workers.ts';
export {
  removeWorker,
  reportIntervalMs,
  reportWorker,
  type WorkerReport,
} from './report-worker.ts';
export {
  type Resumable,
  readResumable,
  resumeAsOperator,
} from './resume-as-operator.ts';
export { describeLag } from './standbys.ts';
export { submitAsOperator } from './submit-as-operator.ts';
export { createTally } from './tally.ts';
export { readTransitions, type Transition } from './transitions.ts';
export { unlockAsOperator } from './unlock-as-operator.ts';
export { readUpcoming } from './upcoming.ts';
