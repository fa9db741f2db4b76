import type { Delivery } from '@kasabi/domain';
import { beginSpan, type OpenSpan } from '@kasabi/tracing';
import type { Telemetry } from 'bullmq';
import { deliveryId } from './delivery-id.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { QueueUnavailable } from './errors.ts';
import { KEY_PREFIX, type Payload, QUEUE_NAME } from './names.ts';
import type { RedisConnection } from './open.ts';

export interface Producer {
  /**
   * Adds deliveries as delayed BullMQ jobs, in one round trip. Does not change those that Redis already
   * holds.
   *
   * @throws QueueUnavailable, or ioredis's error when Redis does not answer; any number of them may then
   *   have arrived.
   */
  enqueue(deliveries: readonly Delivery[]): Promise<void>;
  /**
   * Adds missing deliveries and promotes delayed ones: for jobs that are overdue because Redis lost them
   * or because every worker's clock is slow.
   */
  ensureDue(deliveries: readonly Delivery[]): Promise<void>;
  close(): Promise<void>;
}

/** The span of handing a delivery to Redis; part of its own job's trace, not of the batch's. */
function spanOf({ jobId, trace }: Delivery): OpenSpan | undefined {
  if (trace == null) return undefined;
  const attributes = { 'kasabi.job.id': jobId };
  return beginSpan('enqueue', { kind: 'producer', parent: trace, attributes });
}

/** The trace context that BullMQ stores for the worker to continue; never that of the whole batch. */
function contextOf(traceparent: string | undefined) {
  return traceparent === undefined
    ? { omitContext: true }
    : { metadata: JSON.stringify({ traceparent }) };
}

/**
 * Makes a producer on this connection, which it does not close.
 *
 * The BullMQ queue is made when Redis is first ready, and discarded if its first commands fail: such a queue
 * stays failed forever (its rejected `initializing` is kept), and an API that started before Redis would
 * never enqueue anything.
 */
export function createProducer(
  redis: RedisConnection,
  onError: (error: Error) => void,
  telemetry?: Telemetry,
): Producer {
  let queue: DeliveryQueue<Payload> | undefined;

  async function ready(): Promise<DeliveryQueue<Payload>> {
    if (redis.status !== 'ready') throw new QueueUnavailable('is not connected');
    if (queue === undefined) {
      queue = new DeliveryQueue<Payload>(QUEUE_NAME, {
        connection: redis,
        prefix: KEY_PREFIX,
        // BullMQ's event stream has no readers; a job's record says what happened to it.
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
            // BullMQ adds the same clock, so Redis stores `due` by Postgres's clock. If this clock is fast, the
            // delivery comes early and is returned.
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
          // Rejected unless it is delayed: it is waiting, active or gone, all of which is fine.
          await job?.promote().catch(() => undefined);
        }),
      );
    },
    async close() {
      await queue?.close();
    },
  };
}
