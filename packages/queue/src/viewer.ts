import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { KEY_PREFIX, QUEUE_NAME } from './names.ts';

export interface ViewerOptions {
  /** Keeps BullMQ from printing what it thinks of the version of Redis. */
  readonly skipVersionCheck?: boolean;
}

/**
 * BullMQ's queue for those who look at it; it writes nothing by itself. The connection has to be ready,
 * for a queue that failed its first commands stays failed for ever.
 */
export async function createViewer(
  redis: Redis,
  onError: (error: Error) => void,
  { skipVersionCheck = false }: ViewerOptions = {},
): Promise<Queue> {
  const queue = new Queue(QUEUE_NAME, {
    connection: redis,
    prefix: KEY_PREFIX,
    skipMetasUpdate: true,
    skipVersionCheck,
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
