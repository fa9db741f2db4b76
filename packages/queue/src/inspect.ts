import { deliveryId, jobIdOfDelivery } from './delivery-id.ts';
import { KEY_PREFIX } from './names.ts';
import { mastersOf, type RedisConnection } from './open.ts';
import { readInfo } from './owner-info.ts';
import { createViewer } from './viewer.ts';

/** How a Redis is configured, according to the server that holds the queue. */
export interface RedisSetup {
  /** Which of the two it is. */
  readonly product: 'Redis' | 'Valkey';
  /** `8.6.4`; empty if the server does not say. */
  readonly version: string;
  /** What Redis does when its memory is full: `noeviction`, `allkeys-lru`, ... */
  readonly evictionPolicy: string;
  /** Whether Redis keeps an append-only file. */
  readonly appendOnly: boolean;
  /** Whether the last write to that file succeeded. */
  readonly lastWriteOk: boolean;
}

/** Reads how Redis is configured. With INFO, because managed servers refuse CONFIG. */
export async function readRedisSetup(redis: RedisConnection): Promise<RedisSetup> {
  const [server, memory, persistence] = await Promise.all(
    (['server', 'memory', 'persistence'] as const).map((section) =>
      readInfo(redis, `${KEY_PREFIX}:epoch`, section),
    ),
  );
  // Valkey also says which Redis it is compatible with.
  const ofValkey = server?.('valkey_version') ?? '';
  return {
    product: ofValkey === '' ? 'Redis' : 'Valkey',
    version: ofValkey === '' ? (server?.('redis_version') ?? '') : ofValkey,
    evictionPolicy: memory?.('maxmemory_policy') ?? '',
    appendOnly: persistence?.('aof_enabled') === '1',
    lastWriteOk: persistence?.('aof_last_write_status') !== 'err',
  };
}

/** A connection to Redis, as Redis sees it. */
export interface RedisClientSeen {
  /** The name that the client gave it. */
  readonly name: string;
  /** Whom it logged in as. */
  readonly user: string;
}

/** The connections of all clients. */
export async function readClients(redis: RedisConnection): Promise<RedisClientSeen[]> {
  const lists = await Promise.all(mastersOf(redis).map((server) => server.client('LIST')));
  return lists
    .flatMap((list) => String(list).trimEnd().split('\n'))
    .map((line) => ({
      name: / name=(\S*)/.exec(line)?.[1] ?? '',
      user: / user=(\S*)/.exec(line)?.[1] ?? '',
    }));
}

/** A read-only view of what Redis holds for the queue. */
export interface QueueView {
  /** Returns those of these jobs, given with their attempts so far, whose delivery Redis does not hold. */
  missing(jobs: readonly { readonly id: string; readonly attempt: number }[]): Promise<string[]>;
  /** The job ids of up to `limit` deliveries that are waiting, delayed or active. */
  held(limit: number): Promise<string[]>;
  close(): Promise<void>;
}

/** Opens a view of the queue on a ready connection, which it does not close. */
export async function viewQueue(redis: RedisConnection): Promise<QueueView> {
  // Its commands reject by themselves, and `readRedisSetup` reports the version.
  const queue = await createViewer(redis, () => undefined, { skipVersionCheck: true });
  return {
    async missing(jobs) {
      const found = await Promise.all(
        jobs.map(async ({ id, attempt }) => {
          // The delivery of a rescued job carries the attempt it was made for; see `deliveryId`.
          const attempts = Array.from({ length: attempt + 1 }, (_, n) => n);
          const keys = attempts.map((n) => queue.toKey(deliveryId({ jobId: id, attempt: n })));
          return (await redis.exists(...keys)) > 0;
        }),
      );
      return jobs.flatMap(({ id }, n) => (found[n] ? [] : [id]));
    },
    async held(limit) {
      const ids = await queue.getRanges(['wait', 'active', 'delayed'], 0, limit - 1);
      return [...new Set(ids.slice(0, limit).map(jobIdOfDelivery))];
    },
    async close() {
      await queue.close();
    },
  };
}
