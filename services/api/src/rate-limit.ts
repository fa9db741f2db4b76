import { createHash } from 'node:crypto';
import { TooManyRequests } from '@kasabi/protocol';
import { KEY_PREFIX } from '@kasabi/queue';
import type { Request, RequestHandler } from 'express';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

const windowSeconds = 60;

/** How long Redis is left alone, in milliseconds, after it did not answer. */
const pauseMs = 5_000;

/**
 * Limits requests per API key and per address to `perMinute` each, counted in Redis for all processes
 * together. While Redis does not answer, each process counts for itself: nobody is blocked, and nobody
 * is unlimited. The headers are those of draft-ietf-httpapi-ratelimit-headers, and its older form, which
 * more clients know.
 */
export function createRateLimit(redis: Redis, perMinute: number): RequestHandler {
  const consume = createLimiter(redis, perMinute);

  return async (request, response, next) => {
    const counts = await Promise.all(subjectsOf(request).map((subject) => count(consume, subject)));
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

type Consume = (subject: string) => Promise<RateLimiterRes>;

function createLimiter(redis: Redis, perMinute: number): Consume {
  const shared = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${KEY_PREFIX}:rate`,
    points: perMinute,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
    // One that is over its limit is known here; Redis need not be asked for every further request.
    inMemoryBlockOnConsumed: perMinute + 1,
  });
  const own = new RateLimiterMemory({ points: perMinute, duration: windowSeconds });
  let ownUntil = 0;
  // Not the library's insurance limiter: with that one every request would wait for a Redis that is
  // there but silent, for as long as a command may take. Here one request in `pauseMs` does.
  return async (subject) => {
    const now = performance.now();
    if (now < ownUntil) return await own.consume(subject);
    const wasAway = ownUntil > 0;
    if (wasAway) ownUntil = now + pauseMs;
    try {
      const result = await shared.consume(subject);
      ownUntil = 0;
      return result;
    } catch (error) {
      if (error instanceof RateLimiterRes) {
        ownUntil = 0;
        throw error;
      }
      ownUntil = performance.now() + pauseMs;
      return await own.consume(subject);
    }
  };
}

interface Count {
  readonly exceeded: boolean;
  readonly remaining: number;
  readonly resetSeconds: number;
}

async function count(consume: Consume, subject: string): Promise<Count> {
  try {
    return toCount(await consume(subject), false);
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
