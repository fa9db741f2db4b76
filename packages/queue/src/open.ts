import { parseRedisUrl } from '@kasabi/runtime';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { RedisAccess } from './access.ts';

/** A client of one server, of the master that sentinels name, or of a cluster. */
export type RedisConnection = Redis | Cluster;

/** How long a blocking command of a consumer may take, in seconds. */
export const longestBlockSeconds = 1.5;

/** Reconnects forever, first after 50 ms, later every second: recovery never needs a restart. */
const retryStrategy = (times: number): number => Math.min(50 * 2 ** Math.min(times - 1, 5), 1_000);

/**
 * How a connection behaves. `socketTimeout` ends one whose server has answered nothing for so long: a frozen server
 * keeps its sockets open, and its successor is found by connecting anew.
 */
interface Manner {
  readonly each: Pick<
    RedisOptions,
    | 'maxRetriesPerRequest'
    | 'commandTimeout'
    | 'connectTimeout'
    | 'socketTimeout'
    | 'disconnectTimeout'
  >;
  readonly enableOfflineQueue: boolean;
  /** How often a cluster's client tries a command while the cluster changes, every 50 to 100 ms. */
  readonly maxRedirections: number;
}

/**
 * Answers quickly or fails: no offline queue, and a command without an answer is abandoned after a second. The relay
 * repairs whatever was lost that way.
 */
export const failFast: Manner = {
  each: {
    maxRetriesPerRequest: 0,
    commandTimeout: 1_000,
    connectTimeout: 1_000,
    socketTimeout: 2_000,
    disconnectTimeout: 500,
  },
  enableOfflineQueue: false,
  maxRedirections: 10,
};

/** Waits for Redis: BullMQ blocks on a consumer's connections. */
export const patient: Manner = {
  each: {
    maxRetriesPerRequest: null,
    connectTimeout: 1_000,
    socketTimeout: longestBlockSeconds * 1_000 + 700,
    disconnectTimeout: 500,
  },
  enableOfflineQueue: true,
  maxRedirections: Number.POSITIVE_INFINITY,
};

export interface OpenOptions {
  readonly manner: Manner;
  /** Shown in CLIENT LIST. */
  readonly name: string;
  /** For each error that a server answers: whether to connect anew. */
  readonly reconnectOnError: (error: Error) => boolean;
}

/** Opens a connection, which reconnects until it is disconnected. */
export function openRedis(access: RedisAccess, options: OpenOptions): RedisConnection {
  const { tls: usesTls, username, password, db, servers } = parseRedisUrl(access.url);
  const { manner, name, reconnectOnError } = options;
  const { ca, cert, key } = access;
  const tls = usesTls ? { tls: { ca, cert, key } } : {};
  const each = {
    ...{ ...manner.each, username, password, connectionName: name, reconnectOnError },
    ...tls,
  };
  const { enableOfflineQueue, maxRedirections } = manner;
  const alone = { ...each, db, retryStrategy, enableOfflineQueue };
  switch (servers.kind) {
    case 'single':
      return new Redis({ ...alone, ...servers.address });
    case 'sentinel':
      return new Redis({
        ...alone,
        sentinels: [...servers.sentinels],
        name: servers.master,
        sentinelUsername: access.sentinelUsername,
        sentinelPassword: access.sentinelPassword,
        sentinelCommandTimeout: 1_000,
        ...(usesTls && { enableTLSForSentinelMode: true, sentinelTLS: tls.tls }),
      });
    case 'cluster':
      return new Cluster([...servers.nodes], {
        ...clusterOptions,
        enableOfflineQueue,
        maxRedirections,
        redisOptions: each,
      });
  }
}

const clusterOptions: ClusterOptions = {
  clusterRetryStrategy: retryStrategy,
  // Two nodes may each name the other for a moment after a failover.
  retryDelayOnMoved: 50,
  // Names are kept, because certificates are checked against them; each connection looks them up anew.
  dnsLookup: (host, found) => found(null, host),
};

/** A client of each server that holds keys. */
export function mastersOf(redis: RedisConnection): Redis[] {
  return redis instanceof Cluster ? redis.nodes('master') : [redis];
}
