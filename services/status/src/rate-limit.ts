import { digestKey } from '@kasabi/accounts';
import {
  createRateLimit,
  createWindowCounter,
  keyDigestOf,
  type RateLimit,
  windowSeconds,
} from '@kasabi/http';

/**
 * Limits requests per address and per API key to `perMinute` each, counted by this process alone, because this service
 * does not use Redis. Two processes allow twice as many. 0 means no limit.
 */
export function createOwnRateLimit(perMinute: number): RateLimit | undefined {
  if (perMinute === 0) return undefined;
  const windowMs = windowSeconds * 1_000;
  // Each has its own maximum size, so that made-up keys do not push out addresses.
  const addresses = createWindowCounter({ windowMs });
  const keys = createWindowCounter({ windowMs });
  return createRateLimit({
    perMinute,
    countAddress: addresses.add,
    keyDigestOf: (request) => keyDigestOf(request, digestKey),
    countKey: (digest) => keys.add(digest.toString('base64url')),
  });
}
