import { DelayedError, type Job, type Telemetry, type WorkerOptions } from 'bullmq';
import type { RedisAccess } from './access.ts';
import { onConnectionError } from './connection.ts';
import { jobIdOfDelivery } from './delivery-id.ts';
import { DeliveryWorker } from './delivery-worker.ts';
import { KEY_PREFIX, type Payload, QUEUE_NAME } from './names.ts';
import { longestBlockSeconds, openRedis, patient } from './open.ts';
import { isMendedByReconnect } from './states.ts';

/** What happens to a delivery: it is finished, or comes again after `snooze` milliseconds. */
export type Verdict = 'done' | { readonly snooze: number };

export interface ConsumerOptions extends RedisAccess {
  /** Shown in CLIENT LIST and on the BullMQ job. */
  readonly name: string;
  /** The maximum number of concurrent deliveries. */
  readonly concurrency: number;
  /** How long BullMQ keeps the delivery of a silent worker from others, in milliseconds. */
  readonly lockMs: number;
  /** Handles one delivery. Must not reject: what goes wrong with a job belongs in its record. */
  readonly process: (jobId: string) => Promise<Verdict>;
  readonly onError: (error: Error) => void;
  /** Continues the traces that deliveries carry. */
  readonly telemetry?: Telemetry | undefined;
}

export interface Consumer {
  /**
   * Takes no further deliveries and resolves when the current ones have ended, or after `deadlineMs`
   * milliseconds: `Worker.close()` waits forever when Redis does not answer.
   */
  close(deadlineMs: number): Promise<void>;
}

/** How long after a worker has failed to start it is replaced, in milliseconds. */
const replaceAfterMs = 1_000;

/** Consumes the queue until it is closed. Waits for Redis when it goes away. */
export function createConsumer(options: ConsumerOptions): Consumer {
  async function processJob(job: Job<Payload>, token?: string): Promise<void> {
    const verdict = await options.process(jobIdOfDelivery(job.id ?? ''));
    if (verdict === 'done') return;
    await job.moveToDelayed(Date.now() + verdict.snooze, token);
    throw new DelayedError();
  }

  const redis = openRedis(options, {
    manner: patient,
    name: options.name,
    reconnectOnError: isMendedByReconnect,
  });
  onConnectionError(redis, options.onError);
  const workerOptions: WorkerOptions = {
    connection: redis,
    autorun: false,
    prefix: KEY_PREFIX,
    name: options.name,
    concurrency: options.concurrency,
    lockDuration: options.lockMs,
    stalledInterval: options.lockMs,
    drainDelay: longestBlockSeconds,
    // Repeated stalls are for the record to judge: it counts attempts.
    maxStalledCount: 1_000_000,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
    // Delay before BullMQ retries its own calls to Redis, 15 s unless set: a restarted Redis is used at once.
    runRetryDelay: 250,
    ...(options.telemetry !== undefined && { telemetry: options.telemetry }),
  };
  let isClosing = false;
  let worker = startWorker();

  /**
   * BullMQ's worker stays failed if its first commands fail, as those of a login without the rights do, and its loop then
   * spins without letting the process do anything else. So it begins only when these have succeeded.
   */
  function startWorker(): DeliveryWorker<Payload> {
    const made = new DeliveryWorker<Payload>(QUEUE_NAME, processJob, workerOptions);
    made.on('error', options.onError);
    made
      .waitUntilReady()
      .then(() => (isClosing ? undefined : made.run()))
      .catch((error: Error) => {
        options.onError(error);
        setTimeout(replace, replaceAfterMs, made).unref();
      });
    return made;
  }

  function replace(failed: DeliveryWorker<Payload>): void {
    if (isClosing) return;
    failed.close(true).catch(() => undefined);
    worker = startWorker();
  }

  return {
    async close(deadlineMs) {
      isClosing = true;
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<'late'>((resolve) => {
        timer = setTimeout(resolve, deadlineMs, 'late');
      });
      const closed = worker.close().then(() => 'closed' as const);
      if ((await Promise.race([closed, deadline])) === 'late') {
        closed.catch(() => undefined);
        await Promise.race([
          Promise.all([worker.disconnect(), worker.cut()]),
          new Promise((resolve) => setTimeout(resolve, 500)),
        ]);
      }
      clearTimeout(timer);
      redis.disconnect();
    },
  };
}
