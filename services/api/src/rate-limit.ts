import { digestKey } from '@kasabi/accounts';
import { TooManyRequests } from '@kasabi/protocol';
import { KEY_PREFIX } from '@kasabi/queue';
import { apiKeyOf, readBody, readParameters } from '@kasabi/service-kit';
import type { Request, RequestHandler, Response } from 'express';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

const windowSeconds = 60;

/** How long Redis is left alone, in milliseconds, after it did not answer. */
const pauseMs = 5_000;

/**
 * Limits requests per address and per API key to `perMinute` each, counted in Redis for all processes
 * together. While Redis does not answer, each process counts for itself: nobody is blocked, and nobody
 * is unlimited. The headers are those of draft-ietf-httpapi-ratelimit-headers, and its older form, which
 * more clients know.
 */
export function createRateLimit(redis: Redis, perMinute: number): RequestHandler {
  const consume = createLimiter(redis, perMinute);

  /** Counts a request, says so in its answer's headers, and throws if it is one too many. */
  async function countFor(subject: string, response: Response, earlier?: Count): Promise<Count> {
    const counted = await count(consume, subject);
    // What the client is told is the count that stops it first.
    const told = earlier !== undefined && earlier.remaining < counted.remaining ? earlier : counted;
    response.set({
      'RateLimit-Policy': `"default";q=${perMinute};w=${windowSeconds}`,
      RateLimit: `"default";r=${told.remaining};t=${told.resetSeconds}`,
      'RateLimit-Limit': String(perMinute),
      'RateLimit-Remaining': String(told.remaining),
      'RateLimit-Reset': String(told.resetSeconds),
    });
    if (counted.exceeded) throw new TooManyRequests(perMinute, counted.resetSeconds);
    return told;
  }

  return async (request, response, next) => {
    const ofAddress = await countFor(`address:${request.ip ?? 'unknown'}`, response);
    // Not before: an address over its limit has no body read and no keys counted that it makes up.
    const problem = await readBodyOf(request, response);
    const key = keyOf(request);
    if (key !== undefined) {
      await countFor(`key:${digestKey(key).toString('base64url')}`, response, ofAddress);
    }
    next(problem);
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

/** Reads the body of a POST, in which the key may be; resolves to what is wrong with it. */
function readBodyOf(request: Request, response: Response): Promise<unknown> {
  if (request.method !== 'POST') return Promise.resolve(undefined);
  return new Promise<unknown>((resolve) => {
    readBody(request, response, resolve);
  }).catch((problem: unknown) => problem);
}

const parameterNames: ReadonlySet<string> = new Set(['apikey']);

/** The API key of a request, whichever way it comes; undefined when there is none, or not one. */
function keyOf(request: Request): string | undefined {
  try {
    return apiKeyOf(request, readParameters(request, parameterNames).parameters);
  } catch {
    return undefined;
  }
}
