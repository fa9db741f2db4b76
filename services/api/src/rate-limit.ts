import { digestKey } from '@kasabi/accounts';
import {
  type Count,
  createRateLimit,
  createWindowCounter,
  type RateLimit,
  windowSeconds,
} from '@kasabi/http';
import { KEY_PREFIX } from '@kasabi/queue';
import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { KnownKeys } from './known-keys.ts';

/** How long Redis is left alone, in milliseconds, after it did not answer. */
const pauseMs = 5_000;

/**
 * Limits requests per address and per API key to `perMinute` each, counted in Redis for all processes
 * together. While Redis does not answer, each process counts for itself: nobody is blocked, and nobody
 * is unlimited. A key that has opened nothing yet is counted by the process alone, so that made-up keys
 * leave nothing in Redis.
 */
export function createSharedRateLimit(
  redis: Redis,
  perMinute: number,
  knownKeys: KnownKeys,
): RateLimit {
  const own = createWindowCounter({ windowMs: windowSeconds * 1_000 });
  const shared = createSharedCounter(redis, perMinute, own.add);
  return createRateLimit({
    perMinute,
    countAddress: (subject) => shared(`address:${subject}`),
    countKey(key) {
      const digest = digestKey(key);
      const subject = `key:${digest.toString('base64url')}`;
      return knownKeys.has(digest) ? shared(subject) : own.add(subject);
    },
  });
}

function createSharedCounter(
  redis: Redis,
  perMinute: number,
  countHere: (subject: string) => Count,
): (subject: string) => Promise<Count> {
  const shared = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${KEY_PREFIX}:rate`,
    points: perMinute,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
    // One that is over its limit is known here; Redis need not be asked for every further request.
    inMemoryBlockOnConsumed: perMinute + 1,
  });
  let ownUntil = 0;
  // Not the library's insurance limiter: with that one every request would wait for a Redis that is
  // there but silent, for as long as a command may take. Here one request in `pauseMs` does.
  return async (subject) => {
    const now = performance.now();
    if (now < ownUntil) return countHere(subject);
    const wasAway = ownUntil > 0;
    if (wasAway) ownUntil = now + pauseMs;
    try {
      const result = await shared.consume(subject);
      ownUntil = 0;
      return toCount(result);
    } catch (error) {
      if (error instanceof RateLimiterRes) {
        ownUntil = 0;
        // One that is known to be over its limit is not counted any more.
        return { ...toCount(error), count: Math.max(error.consumedPoints, perMinute + 1) };
      }
      ownUntil = performance.now() + pauseMs;
      return countHere(subject);
    }
  };
}

const toCount = ({ consumedPoints, msBeforeNext }: RateLimiterRes): Count => ({
  count: consumedPoints,
  resetMs: msBeforeNext,
});
