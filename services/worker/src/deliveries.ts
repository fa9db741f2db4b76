import { DatasetBusy, FencedOut } from '@kasabi/datasets';
import { type Delivery, lockingJobTypes } from '@kasabi/domain';
import { StoreUnavailable } from '@kasabi/exports';
import {
  backoffMs,
  type Claim,
  claim,
  fail,
  LeaseLost,
  nextDue,
  release,
  retry,
} from '@kasabi/jobs';
import { isTransient } from '@kasabi/postgres';
import type { Verdict } from '@kasabi/queue';
import type { Logger } from '@kasabi/runtime';
import { inSpan } from '@kasabi/tracing';
import type pg from 'pg';
import type { ClockCorrection } from './clock.ts';
import type { Settings } from './env.ts';
import { causeOf, messageOfFailure, messageOfRetry } from './explain.ts';
import type { Handlers } from './handlers/index.ts';
import type { Leases } from './leases.ts';
import type { WorkerMetrics } from './metrics/index.ts';
import type { AttemptOutcome } from './metrics/jobs.ts';

/** The reason for aborting running jobs when the worker shuts down. */
export class ShuttingDown extends Error {
  readonly code = 'shutting-down';
}

/** The worker's settings that decide about attempts. */
type DeliverySettings = Pick<Settings, 'LEASE_MS' | 'RETRY_HOURS' | 'MAX_ATTEMPTS'>;

export interface DeliveriesOptions {
  readonly pool: pg.Pool;
  /** Connections that jobs never wait on. */
  readonly upkeep: pg.Pool;
  readonly handlers: Handlers;
  readonly settings: DeliverySettings;
  readonly leases: Leases;
  /** Makes a delivery due at once, whichever worker it was for. */
  readonly promote: (deliveries: readonly Delivery[]) => Promise<void>;
  /** Checks that Postgres was not restored from a backup; see `createBeat`. */
  readonly checkDatabase: () => Promise<void>;
  /** Compares the host's clock with Postgres's, which each claim reads. */
  readonly clock: Pick<ClockCorrection, 'compare'>;
  /** Identifies this worker in leases and logs. */
  readonly holder: string;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

/**
 * How long a delivery for a busy dataset waits, in milliseconds, by its place in the queue; randomized so that
 * deliveries do not come in step. The end of a job promotes the next one, so this only matters when that fails.
 * With one short wait for all, 200 jobs of one dataset cost 690 transactions a second.
 */
const busyMs = (ahead: number): number => (250 + 100 * ahead) * (0.75 + Math.random() / 2);

const hourMs = 3_600_000;

/**
 * How long a delivery waits while its dataset is paused, in milliseconds. After a resume the relay promotes it
 * within a round, so this may be long: 1,000 of them cost three claims a second.
 */
const pausedMs = (): number => 300_000 * (0.5 + Math.random());

/** How long a delivery waits when it is not yet certain that Postgres was not restored, in milliseconds. */
const uncheckedMs = (): number => 500 + 500 * Math.random();

/** Makes the function that handles one delivery: claim, run, end. It never rejects. */
export function createDeliveries(options: DeliveriesOptions): (jobId: string) => Promise<Verdict> {
  const { pool, upkeep, handlers, settings, leases, holder, log, metrics } = options;

  async function deliver(jobId: string): Promise<Verdict> {
    const claimed = await inSpan(
      'claim',
      { attributes: { 'kasabi.job.id': jobId } },
      async (span) => {
        const result = await options.clock.compare(
          () =>
            claim(pool, { jobId, holder, leaseMs: settings.LEASE_MS, locking: lockingJobTypes }),
          ({ now }) => now,
        );
        span.set({ 'kasabi.outcome': result.outcome });
        return result;
      },
    );
    switch (claimed.outcome) {
      case 'claimed':
        return await run(claimed.claim);
      case 'early':
        metrics.snoozed('early');
        return { snooze: claimed.waitMs };
      case 'busy':
        metrics.snoozed('busy');
        // Behind a job that waits for its next attempt there is nothing to do before that attempt.
        return { snooze: claimed.waitMs + busyMs(claimed.ahead) };
      case 'paused':
        metrics.snoozed('paused');
        return { snooze: pausedMs() };
      case 'unchecked':
        metrics.snoozed('unchecked');
        // Whatever the result, the delivery comes again.
        await options.checkDatabase().catch(() => undefined);
        return { snooze: uncheckedMs() };
      case 'gone':
        return 'done';
    }
  }

  async function run(job: Claim): Promise<Verdict> {
    const jobLog = log.child({
      jobId: job.jobId,
      dataset: job.datasetCode,
      type: job.type,
      attempt: job.attempt,
    });
    const lease = leases.keep(job);
    jobLog.info({ driftMs: Math.round(job.driftMs), fence: job.lock?.fence }, 'claimed');
    metrics.claimed(job);
    const began = performance.now();
    const ended = (outcome: AttemptOutcome): void =>
      metrics.ended(job, outcome, performance.now() - began);
    try {
      const handler = handlers[job.type];
      const services = { pool, upkeep, metrics };
      const context = { claim: job, ...services, signal: lease.signal, log: jobLog };
      const attributes = {
        'kasabi.job.id': job.jobId,
        'kasabi.dataset': job.datasetCode,
        'kasabi.attempt': job.attempt,
      };
      const next = await inSpan(job.type, { attributes }, () => handler(context));
      // Before anything else is awaited: the lease no longer needs to be kept.
      lease.end();
      jobLog.info('completed');
      ended('completed');
      await promote(next);
      return 'done';
    } catch (error) {
      const ranMs = performance.now() - began;
      return await end({ job, error, signal: lease.signal, ranMs, jobLog, ended });
    } finally {
      lease.end();
    }
  }

  /** Handles an attempt that did not complete. */
  async function end({ job, error, signal, ranMs, jobLog, ended }: Attempt): Promise<Verdict> {
    if (signal.reason instanceof ShuttingDown) {
      await inSpan('release', {}, () => release(pool, job));
      jobLog.info('released: the worker shuts down');
      ended('released');
      // Not 'done': the relay may have found it in Redis already, and would not add it again.
      return { snooze: 0 };
    }
    if (signal.aborted || error instanceof LeaseLost || error instanceof FencedOut) {
      jobLog.warn({ err: error }, 'dropped: another attempt has taken over');
      ended('dropped');
      return 'done';
    }
    const busy = error instanceof DatasetBusy;
    const passing = busy || isTransient(error) || error instanceof StoreUnavailable;
    const leftMs = settings.RETRY_HOURS * hourMs - job.triedMs - ranMs;
    if (passing && (leftMs > 0 || job.attempt < settings.MAX_ATTEMPTS)) {
      const delayMs = backoffMs(job.attempt);
      const message = messageOfRetry(error, leftMs);
      const told = { delayMs, message, cause: causeOf(error), busy };
      await because(
        error,
        inSpan('retry', {}, () => retry(pool, job, told)),
      );
      jobLog.warn({ err: error, delayMs }, 'retrying');
      ended('retried');
      return { snooze: delayMs };
    }
    const reason = passing ? ('busy' as const) : ('error' as const);
    const message = messageOfFailure(error, job.triedMs + ranMs);
    await because(
      error,
      inSpan('fail', {}, () => fail(pool, job, { reason, message, cause: causeOf(error) })),
    );
    jobLog.error({ err: error }, 'failed');
    ended('failed');
    await promote(nextDue(pool, job.datasetId));
    return 'done';
  }

  /** The dataset is free: the job that waits for it need not wait for its snooze to end. */
  async function promote(next: Awaitable<Delivery | undefined>): Promise<void> {
    try {
      const waiting = await next;
      if (waiting !== undefined) await options.promote([waiting]);
    } catch (error) {
      log.debug({ err: error }, 'not promoted: its snooze ends by itself');
    }
  }

  return async (jobId) => {
    try {
      return await deliver(jobId);
    } catch (error) {
      // The record could not be read or written. Whatever state it is in, a later delivery or the
      // rescuer finds it there.
      log.warn({ err: error, jobId }, 'delivery postponed');
      metrics.snoozed('error');
      return { snooze: 1_000 };
    }
  };
}

type Awaitable<T> = T | Promise<T>;

/** An attempt that did not complete. */
interface Attempt {
  readonly job: Claim;
  readonly error: unknown;
  readonly signal: AbortSignal;
  /** How long it took, in milliseconds. */
  readonly ranMs: number;
  readonly jobLog: Logger;
  readonly ended: (outcome: AttemptOutcome) => void;
}

/** If handling `cause` fails as well, the error reports both. */
async function because(cause: unknown, doing: Promise<void>): Promise<void> {
  try {
    await doing;
  } catch (error) {
    if (error instanceof Error) error.cause ??= cause;
    throw error;
  }
}
