import { TooManyRequests } from '@kasabi/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { subjectOf } from './client-address.ts';
import { readBody } from './read-body.ts';
import { apiKeyOf, readParameters } from './request.ts';
import type { Count } from './window-counter.ts';

/** The window of the limit, in seconds. */
export const windowSeconds = 60;

export interface RateLimitOptions {
  /** Most requests of one address, and of one key, in a window. */
  readonly perMinute: number;
  /** Counts a request of an address; the subject is the address, or the first half of one of IPv6. */
  countAddress(subject: string): Count | Promise<Count>;
  /** Counts a request with this API key. */
  countKey(key: string): Count | Promise<Count>;
}

export interface RateLimit {
  /** Counts requests, and refuses those beyond the limit. */
  readonly middleware: RequestHandler;
  /**
   * What refuses a request whose address is known to be over its limit, with the answer's headers set;
   * undefined for any other. It counts nothing and costs next to nothing.
   */
  refusal(request: Request, response: Response): TooManyRequests | undefined;
}

/** So many addresses over their limit are remembered; beyond that, all are forgotten and counted again. */
const mostRefused = 50_000;

/**
 * Limits requests per address and per API key to `perMinute` each. The headers are those of
 * draft-ietf-httpapi-ratelimit-headers, and its older form, which more clients know.
 */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { perMinute } = options;
  /** When the windows of the subjects over their limit end, by `performance.now()`. */
  const refusedUntil = new Map<string, number>();

  /** Says in the answer's headers what is left; returns what refuses a request that is one too many. */
  function judge(response: Response, counted: Count, earlier?: Count): TooManyRequests | undefined {
    // What the client is told is the count that stops it first.
    const told = earlier !== undefined && earlier.count > counted.count ? earlier : counted;
    const remaining = Math.max(0, perMinute - told.count);
    const reset = Math.max(1, Math.ceil(told.resetMs / 1_000));
    response.setHeader('RateLimit-Policy', `"default";q=${perMinute};w=${windowSeconds}`);
    response.setHeader('RateLimit', `"default";r=${remaining};t=${reset}`);
    response.setHeader('RateLimit-Limit', perMinute);
    response.setHeader('RateLimit-Remaining', remaining);
    response.setHeader('RateLimit-Reset', reset);
    return counted.count > perMinute ? new TooManyRequests(perMinute, reset) : undefined;
  }

  return {
    async middleware(request, response, next) {
      const subject = subjectOf(request.address);
      const ofAddress = await options.countAddress(subject);
      const refused = judge(response, ofAddress);
      if (refused !== undefined) {
        if (refusedUntil.size >= mostRefused) refusedUntil.clear();
        refusedUntil.set(subject, performance.now() + ofAddress.resetMs);
        throw refused;
      }
      // Not before: an address over its limit has no body read and no keys counted that it makes up.
      const problem = await readBodyOf(request, response);
      const key = keyOf(request);
      if (key !== undefined) {
        const tooMany = judge(response, await options.countKey(key), ofAddress);
        if (tooMany !== undefined) throw tooMany;
      }
      next(problem);
    },
    refusal(request, response) {
      if (refusedUntil.size === 0) return undefined;
      const subject = subjectOf(request.address);
      const resetMs = (refusedUntil.get(subject) ?? 0) - performance.now();
      if (resetMs > 0) return judge(response, { count: perMinute + 1, resetMs });
      refusedUntil.delete(subject);
      return undefined;
    },
  };
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
