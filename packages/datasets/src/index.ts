export { type ClearMethod, type ClearRequest, clearDataset } from './clear.ts';
export { DatasetCodeInvalid, DatasetExists, DatasetUnknown, FencedOut } from './errors.ts';
export { type LockRequest, lockDataset } from './lock.ts';
export {
  createDataset,
  type Dataset,
  datasetCodePattern,
  findDataset,
  getDataset,
  listDatasets,
  type NewDataset,
  type PublicationStatus,
  publishDataset,
  type StorageMode,
} from './registry.ts';
export { quadColumns, quadsTable } from './tables.ts';
export { releaseLock, unlockDataset } from './unlock.ts';
