import type { JobType } from '@kasabi/domain';
import type { Handler } from './handler.ts';
import { createReset, type ResetLimits } from './reset.ts';

export type Handlers = Readonly<Record<JobType, Handler>>;

/** Makes a handler for each type in the catalog; the compiler reports a missing one. */
export const createHandlers = (limits: { readonly reset: ResetLimits }): Handlers => ({
  reset: createReset(limits.reset),
});
