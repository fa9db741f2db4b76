export { type NamingRequest, namingBlockers } from './blockers.ts';
export { type ClearMethod, type ClearRequest, clearDataset } from './clear.ts';
export { type CopyRequest, copyDataset, type DatasetCopy } from './copy.ts';
export { countQuads, estimateQuads } from './count.ts';
export type { HeldLock } from './enter.ts';
export {
  DatasetBusy,
  DatasetCodeInvalid,
  DatasetExists,
  DatasetUnknown,
  FencedOut,
  SourceMalformed,
  TermNotExportable,
} from './errors.ts';
export { type LoadProgress, loadDataset } from './load.ts';
export { DatasetReadOnly } from './load-errors.ts';
export { createLockSecret, type Lock, lockAtOnce, lockDataset } from './lock.ts';
export { isPaused } from './paused.ts';
export {
  createDataset,
  type Dataset,
  findDataset,
  findDatasets,
  getDataset,
  type PublicationStatus,
  publishDataset,
  type StorageMode,
} from './registry.ts';
export { replaceDataset } from './replace.ts';
export { type RestoreMethod, restoreDataset } from './restore.ts';
export { quadsTable } from './tables.ts';
export { unlockDataset } from './unlock.ts';
