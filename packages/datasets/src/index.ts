export { type NamingRequest, namingBlockers } from './blockers.ts';
export { type ClearMethod, type ClearRequest, clearDataset } from './clear.ts';
export { countQuads, estimateQuads } from './count.ts';
export {
  DatasetBusy,
  DatasetCodeInvalid,
  DatasetExists,
  DatasetUnknown,
  FencedOut,
} from './errors.ts';
export {
  type LoadOptions,
  type LoadProgress,
  type LoadResult,
  loadDataset,
  type QuadSource,
} from './load.ts';
export { DatasetReadOnly } from './load-errors.ts';
export { type Lock, type LockRequest, lockDataset } from './lock.ts';
export { isPaused } from './paused.ts';
export {
  type Alongside,
  createDataset,
  type Dataset,
  findDataset,
  findDatasets,
  getDataset,
  listDatasets,
  type NewDataset,
  type PublicationStatus,
  publishDataset,
  type StorageMode,
} from './registry.ts';
export { quadColumns, quadsTable } from './tables.ts';
export { releaseLock, unlockDataset } from './unlock.ts';
