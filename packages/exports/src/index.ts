export { exportStoreUrl, openStore } from './open.ts';
export { FileDamaged, readObject } from './read.ts';
export {
  type ByteRange,
  type ExportStore,
  ObjectMissing,
  type Presentation,
  type StoredObject,
  StoreUnavailable,
} from './store.ts';
export { createSweeper } from './sweeper.ts';
export { type WrittenObject, writeObject } from './write.ts';
