import type { Delivery } from '@kasabi/domain';
import type { Claim } from '@kasabi/jobs';
import type { Logger } from '@kasabi/runtime';
import type pg from 'pg';
import type { DatasetMetrics } from '../metrics/datasets.ts';

/** What a handler works with. */
export interface JobContext {
  readonly claim: Claim;
  readonly pool: pg.Pool;
  /** Connections that no job waits on: who is in the way is asked on one of them. */
  readonly upkeep: pg.Pool;
  /** Aborts when the job is no longer this worker's, or has to be given back. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly metrics: DatasetMetrics;
}

/**
 * Does a job of one type. It returns once the job is completed: `complete` belongs into the transaction
 * that commits the effect. What it throws decides what follows: something transient another attempt,
 * anything else the end. It resolves with what `complete` returned.
 */
export type Handler = (context: JobContext) => Promise<Delivery | undefined>;
