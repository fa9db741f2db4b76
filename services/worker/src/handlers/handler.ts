import type { Delivery } from '@kasabi/domain';
import type { Claim } from '@kasabi/jobs';
import type { Logger } from '@kasabi/runtime';
import type pg from 'pg';
import type { DatasetMetrics } from '../metrics/datasets.ts';

/** The context of a handler. */
export interface JobContext {
  readonly claim: Claim;
  readonly pool: pg.Pool;
  /** Connections that jobs never wait on: blockers are looked up on one of them. */
  readonly upkeep: pg.Pool;
  /** Aborts when the job is no longer this worker's, or has to be returned. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly metrics: DatasetMetrics;
}

/**
 * Executes a job of one type. It returns once the job is completed: `complete` belongs in the transaction that
 * commits the effect. A transient error leads to another attempt, any other ends the job. It resolves with what
 * `complete` returned.
 */
export type Handler = (context: JobContext) => Promise<Delivery | undefined>;
