import type { JobType } from '@kasabi/domain';
import { createExport, type ExportServices } from './export.ts';
import type { Handler } from './handler.ts';
import { createReset, type ResetLimits } from './reset.ts';
import { createRestore, type RestoreServices } from './restore.ts';

export type Handlers = Readonly<Record<JobType, Handler>>;

/** Makes a handler for each type in the catalog; the compiler reports a missing one. */
export const createHandlers = (needs: {
  readonly reset: ResetLimits;
  readonly export: ExportServices;
  readonly restore: RestoreServices;
}): Handlers => ({
  reset: createReset(needs.reset, needs.export),
  export: createExport(needs.export),
  restore: createRestore(needs.restore),
});
