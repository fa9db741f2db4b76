import { Cluster } from 'ioredis';
import type { RedisAccess } from './access.ts';
import { noteError } from './health.ts';
import { failFast, openRedis, type RedisConnection } from './open.ts';
import { isMendedByReconnect } from './states.ts';

export interface ConnectionOptions extends RedisAccess {
  /** Shown in CLIENT LIST. */
  readonly name: string;
  readonly onError: (error: Error) => void;
}

/** How long a start waits for Redis, in milliseconds. */
const firstWaitMs = 1_000;

/**
 * Opens a connection that fails fast; see `failFast`. Resolves when Redis is ready, or after a second
 * without it: it keeps connecting, so services start in any order relative to their dependencies.
 */
export async function connect(options: ConnectionOptions): Promise<RedisConnection> {
  const redis = openRedis(options, {
    manner: failFast,
    name: options.name,
    reconnectOnError(error) {
      noteError(redis, error);
      return isMendedByReconnect(error);
    },
  });
  onConnectionError(redis, (error) => {
    noteError(redis, error);
    options.onError(error);
  });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, firstWaitMs);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return redis;
}

/** Calls `listener` for each error of a connection, or of one to a node of a cluster. */
export function onConnectionError(redis: RedisConnection, listener: (error: Error) => void): void {
  redis.on('error', listener);
  if (redis instanceof Cluster) redis.on('node error', listener);
}
