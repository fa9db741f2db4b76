import type { Delivery } from '@kasabi/domain';
import { beginSpan, type OpenSpan } from '@kasabi/tracing';
import { Queue, type Telemetry } from 'bullmq';
import type { Redis } from 'ioredis';
import { deliveryId } from './delivery-id.ts';
import { QueueUnavailable } from './errors.ts';
import { KEY_PREFIX, type Payload, QUEUE_NAME } from './names.ts';

export interface Producer {
  /**
   * Adds deliveries as delayed BullMQ jobs, in one round trip. One that Redis holds already is left as
   * it is.
   *
   * @throws QueueUnavailable, or ioredis's error when Redis does not answer and any number of them may
   *   have arrived.
   */
  enqueue(deliveries: readonly Delivery[]): Promise<void>;
  /**
   * Adds what is missing and promotes what is delayed: for jobs that are overdue, because Redis lost
   * them or because every worker's clock is behind.
   */
  ensureDue(deliveries: readonly Delivery[]): Promise<void>;
  close(): Promise<void>;
}

/** The span of handing a delivery to Redis; it belongs to its own job's trace, not to the batch. */
function spanOf({ jobId, trace }: Delivery): OpenSpan | undefined {
  if (trace == null) return undefined;
  const attributes = { 'kasabi.job.id': jobId };
  return beginSpan('enqueue', { kind: 'producer', parent: trace, attributes });
}

/** What BullMQ keeps of the trace, for the worker to go on with; never that of the whole batch. */
function contextOf(traceparent: string | undefined) {
  return traceparent === undefined
    ? { omitContext: true }
    : { metadata: JSON.stringify({ traceparent }) };
}

/**
 * A producer on a connection of its own, which it does not close.
 *
 * The BullMQ queue is made when Redis is first ready, and thrown away if it could not begin: one that
 * failed its first commands stays failed for ever (its rejected `initializing` is kept), and an API that
 * started before Redis would never enqueue anything.
 */
export function createProducer(
  redis: Redis,
  onError: (error: Error) => void,
  telemetry?: Telemetry,
): Producer {
  let queue: Queue<Payload> | undefined;

  async function ready(): Promise<Queue<Payload>> {
    if (redis.status !== 'ready') throw new QueueUnavailable('is not connected');
    if (queue === undefined) {
      queue = new Queue<Payload>(QUEUE_NAME, {
        connection: redis,
        prefix: KEY_PREFIX,
        // Nobody reads BullMQ's event stream; what happened to a job is in its record.
        streams: { events: { maxLen: 0 } },
        ...(telemetry !== undefined && { telemetry }),
      });
      queue.on('error', onError);
    }
    const made = queue;
    try {
      await made.waitUntilReady();
    } catch (error) {
      if (queue === made) queue = undefined;
      await made.close().catch(() => undefined);
      throw error;
    }
    return made;
  }

  async function enqueue(deliveries: readonly Delivery[]): Promise<void> {
    const jobs = await ready();
    const traced = deliveries.map((delivery) => ({ delivery, span: spanOf(delivery) }));
    let failure: unknown;
    try {
      await jobs.addBulk(
        traced.map(({ delivery, span }) => ({
          name: QUEUE_NAME,
          data: {},
          opts: {
            jobId: deliveryId(delivery),
            // BullMQ adds the same clock, so that what Redis holds is `due`, by Postgres's clock. With one
            // that is fast the delivery is early, and given back.
            delay: Math.max(0, Math.ceil(delivery.due - Date.now())),
            ...(telemetry !== undefined && { telemetry: contextOf(span?.traceparent) }),
          },
        })),
      );
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      for (const { span } of traced) span?.end(failure);
    }
  }

  return {
    enqueue,
    async ensureDue(deliveries) {
      await enqueue(deliveries);
      const jobs = await ready();
      await Promise.all(
        deliveries.map(async (delivery) => {
          const job = await jobs.getJob(deliveryId(delivery));
          // Rejected unless it is delayed: it waits, is active, or is gone. All of that is fine.
          await job?.promote().catch(() => undefined);
        }),
      );
    },
    async close() {
      await queue?.close();
    },
  };
}
