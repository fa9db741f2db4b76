import type { Redis } from 'ioredis';
import { deliveryId, jobIdOfDelivery } from './delivery-id.ts';
import { createViewer } from './viewer.ts';

/** How the Redis behind a connection is set up, as it says itself. */
export interface RedisSetup {
  /** `8.6.4`; empty if it does not say. */
  readonly version: string;
  /** What it does when its memory is full: `noeviction`, `allkeys-lru`, ... */
  readonly evictionPolicy: string;
  /** Whether it keeps an append-only file. */
  readonly appendOnly: boolean;
  /** Whether its last write to that file went well. */
  readonly lastWriteOk: boolean;
}

/** Reads how Redis is set up. INFO and not CONFIG, which managed servers refuse. */
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

/** A look at what Redis holds for the queue; it changes nothing. */
export interface QueueView {
  /** Of these jobs, with the attempts they have had, those of which Redis holds no delivery. */
  missing(jobs: readonly { readonly id: string; readonly attempt: number }[]): Promise<string[]>;
  /** The ids of the jobs of up to `limit` deliveries that wait, are delayed or active. */
  held(limit: number): Promise<string[]>;
  close(): Promise<void>;
}

/** Opens a look at the queue on a connection that is ready, which it does not close. */
export async function viewQueue(redis: Redis): Promise<QueueView> {
  // What is asked of it rejects by itself, and of the version `readRedisSetup` tells.
  const queue = await createViewer(redis, () => undefined, { skipVersionCheck: true });
  return {
    async missing(jobs) {
      const found = await Promise.all(
        jobs.map(async ({ id, attempt }) => {
          // The delivery of a rescued job carries the attempt it was made at; see `deliveryId`.
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
