import { Queue } from 'bullmq';
import { KEY_PREFIX, QUEUE_NAME } from './names.ts';
import type { RedisConnection } from './open.ts';

export interface ViewerOptions {
  /** Keeps BullMQ from printing warnings about the version of Redis. */
  readonly skipVersionCheck?: boolean;
}

/**
 * Opens BullMQ's queue for reading; it writes nothing by itself. The connection has to be ready, because a
 * queue whose first commands failed stays failed forever.
 */
export async function createViewer(
  redis: RedisConnection,
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
