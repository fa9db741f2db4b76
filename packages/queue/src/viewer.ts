import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { KEY_PREFIX, QUEUE_NAME } from './names.ts';

/**
 * BullMQ's queue for those who look at it; it writes nothing by itself. The connection has to be ready,
 * for a queue that failed its first commands stays failed for ever.
 */
export async function createViewer(redis: Redis, onError: (error: Error) => void): Promise<Queue> {
  const queue = new Queue(QUEUE_NAME, {
    connection: redis,
    prefix: KEY_PREFIX,
    skipMetasUpdate: true,
  });
  queue.on('error', onError);
  try {
    await queue.waitUntilReady();
  } catch (error) {
    await queue.close().catch(() => undefined);
    throw error;
  }
  return queue;
}
