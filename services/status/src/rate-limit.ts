import { digestKey } from '@kasabi/accounts';
import {
  createRateLimit,
  createWindowCounter,
  keyDigestOf,
  type RateLimit,
  windowSeconds,
} from '@kasabi/http';

/**
 * Limits requests per address and per API key to `perMinute` each, counted by this process alone: it can
 * do without Redis, and has to. Two processes allow twice as much.
 */
export function createOwnRateLimit(perMinute: number): RateLimit {
  const windowMs = windowSeconds * 1_000;
  // Each has its own bound: keys that are made up push no address out.
  const addresses = createWindowCounter({ windowMs });
  const keys = createWindowCounter({ windowMs });
  return createRateLimit({
    perMinute,
    countAddress: addresses.add,
    keyDigestOf: (request) => keyDigestOf(request, digestKey),
    countKey: (digest) => keys.add(digest.toString('base64url')),
  });
}
