import { Redis, type RedisOptions } from 'ioredis';
import { noteError } from './health.ts';
import { isMendedByReconnect } from './states.ts';

/** Reconnects forever, first after 50 ms, later every second: recovery never needs a restart. */
const retryStrategy = (times: number): number => Math.min(50 * 2 ** Math.min(times - 1, 5), 1_000);

/**
 * Options of a connection that answers quickly or fails: no offline queue, and a command without an answer
 * is abandoned after a second. The relay repairs whatever was lost that way.
 */
const failFast = {
  retryStrategy,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 1_000,
  connectTimeout: 1_000,
} as const satisfies RedisOptions;

/** Options of a consumer's connections: BullMQ blocks on them and wants them to wait for Redis. */
export const patient = {
  retryStrategy,
  maxRetriesPerRequest: null,
  connectTimeout: 1_000,
  reconnectOnError: isMendedByReconnect,
} as const satisfies RedisOptions;

export interface ConnectionOptions {
  /** A Redis connection URL. */
  readonly url: string;
  /** Shown in CLIENT LIST. */
  readonly name: string;
  readonly onError: (error: Error) => void;
}

/**
 * Opens a connection that fails fast; see `failFast`. Resolves when Redis is ready, or after a second
 * without it: it keeps connecting, so services start in any order relative to their dependencies.
 */
export async function connect(options: ConnectionOptions): Promise<Redis> {
  const redis: Redis = new Redis(options.url, {
    ...failFast,
    connectionName: options.name,
    reconnectOnError(error) {
      noteError(redis, error);
      return isMendedByReconnect(error);
    },
  });
  redis.on('error', (error) => {
    noteError(redis, error);
    options.onError(error);
  });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, failFast.connectTimeout);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return redis;
}
