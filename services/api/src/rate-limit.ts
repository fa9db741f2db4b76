import { digestKey } from '@kasabi/accounts';
import { createRateLimit, createWindowCounter, keyDigestOf, type RateLimit } from '@kasabi/http';
import type { RedisConnection } from '@kasabi/queue';
import type { KnownKeys } from './known-keys.ts';
import { createSharedCounter, windowMs } from './shared-counter.ts';

/**
 * Limits requests per address and per API key to `perMinute` each, counted for all processes together. While
 * Redis does not answer, each process counts for itself: nobody is blocked, and nobody is unlimited. A key that
 * has opened nothing yet is counted by the process alone, so that made-up keys leave nothing in Redis.
 */
export function createSharedRateLimit(
  redis: RedisConnection,
  perMinute: number,
  knownKeys: KnownKeys,
): RateLimit {
  const unknownKeys = createWindowCounter({ windowMs });
  const shared = createSharedCounter(redis, perMinute);
  return createRateLimit({
    perMinute,
    countAddress: (subject) => shared.add(`address:${subject}`),
    keyDigestOf: (request) => keyDigestOf(request, digestKey),
    countKey(digest) {
      const name = digest.toString('base64url');
      return knownKeys.has(digest) ? shared.add(`key:${name}`) : unknownKeys.add(name);
    },
  });
}
