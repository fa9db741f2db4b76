import type { JobType } from '@kasabi/domain';
import type { Handler } from './handler.ts';
import { reset } from './reset.ts';

/** A handler for each type in the catalog; the compiler asks for the one that is missing. */
export const handlers: Record<JobType, Handler> = { reset };
