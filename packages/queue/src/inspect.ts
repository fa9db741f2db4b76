import type { Redis } from 'ioredis';
import { deliveryId, jobIdOfDelivery } from './delivery-id.ts';
import { createViewer } from './viewer.ts';

/** How the Redis of a connection is configured, according to itself. */
export interface RedisSetup {
  /** `8.6.4`; empty if Redis does not say. */
  readonly version: string;
  /** What Redis does when its memory is full: `noeviction`, `allkeys-lru`, ... */
  readonly evictionPolicy: string;
  /** Whether Redis keeps an append-only file. */
  readonly appendOnly: boolean;
  /** Whether the last write to that file succeeded. */
  readonly lastWriteOk: boolean;
}

/** Reads how Redis is configured. With INFO, because managed servers refuse CONFIG. */
export async function readRedisSetup(redis: Redis): Promise<RedisSetup> {
  const info = (
    await Promise.all([redis.info('server'), redis.info('memory'), redis.info('persistence')])
  ).join('\n');
  const field = (name: string): string =>
    new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';
  return {
    version: field('redis_version'),
    evictionPolicy: field('maxmemory_policy'),
    appendOnly: field('aof_enabled') === '1',
    lastWriteOk: field('aof_last_write_status') !== 'err',
  };
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
export async function viewQueue(redis: Redis): Promise<QueueView> {
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
