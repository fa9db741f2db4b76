import { createHash } from 'node:crypto';
import { TooManyRequests } from '@kasabi/protocol';
import { KEY_PREFIX } from '@kasabi/queue';
import type { Request, RequestHandler } from 'express';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

const windowSeconds = 60;

/**
 * Limits requests per API key and per address to `perMinute` each, counted in Redis for all processes
 * together. While Redis does not answer, each process counts for itself: nobody is blocked, and nobody
 * is unlimited. The headers are those of draft-ietf-httpapi-ratelimit-headers, and its older form, which
 * more clients know.
 */
export function createRateLimit(redis: Redis, perMinute: number): RequestHandler {
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${KEY_PREFIX}:rate`,
    points: perMinute,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
    // One that is over its limit is known here; Redis need not be asked for every further request.
    inMemoryBlockOnConsumed: perMinute + 1,
    insuranceLimiter: new RateLimiterMemory({ points: perMinute, duration: windowSeconds }),
  });

  return async (request, response, next) => {
    const counts = await Promise.all(subjectsOf(request).map((subject) => count(limiter, subject)));
    // What the client is told is the count that stops it first.
    const tightest = counts.reduce((a, b) => (b.remaining < a.remaining ? b : a));
    const { exceeded, remaining } = counts.find((counted) => counted.exceeded) ?? tightest;
    const reset = Math.max(...counts.map((counted) => counted.resetSeconds));
    response.set({
      'RateLimit-Policy': `"default";q=${perMinute};w=${windowSeconds}`,
      RateLimit: `"default";r=${remaining};t=${reset}`,
      'RateLimit-Limit': String(perMinute),
      'RateLimit-Remaining': String(remaining),
      'RateLimit-Reset': String(reset),
    });
    if (exceeded) throw new TooManyRequests(perMinute, reset);
    next();
  };
}

interface Count {
  readonly exceeded: boolean;
  readonly remaining: number;
  readonly resetSeconds: number;
}

async function count(limiter: RateLimiterRedis, subject: string): Promise<Count> {
  try {
    return toCount(await limiter.consume(subject), false);
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return toCount(refusal, true);
    throw refusal;
  }
}

function toCount(result: RateLimiterRes, exceeded: boolean): Count {
  const resetSeconds = Math.max(1, Math.ceil(result.msBeforeNext / 1_000));
  return { exceeded, remaining: exceeded ? 0 : result.remainingPoints, resetSeconds };
}

/** Whose requests are counted: the address, and the key in a header, of which Redis gets a digest. */
function subjectsOf(request: Request): string[] {
  const { headers } = request;
  const key = headers['x_kasabi_apikey'] ?? headers['x-kasabi-apikey'] ?? headers.authorization;
  const address = `address:${request.ip ?? 'unknown'}`;
  if (key === undefined) return [address];
  const digest = createHash('sha256').update(String(key)).digest('base64url');
  return [address, `key:${digest}`];
}
