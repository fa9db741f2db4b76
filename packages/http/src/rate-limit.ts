import type { IncomingMessage } from 'node:http';
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
   * What refuses a request whose address is known to be over its limit; undefined for any other. It counts
   * nothing and costs next to nothing.
   */
  refusal(request: IncomingMessage): TooManyRequests | undefined;
}

/** So many addresses over their limit are remembered; beyond that, all are forgotten and counted again. */
const mostRefused = 50_000;

/**
 * Limits requests per address and per API key to `perMinute` each. The headers are those of
 * draft-ietf-httpapi-ratelimit-headers, and its older form, which more clients know.
 */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { perMinute } = options;
  const policy = `"default";q=${perMinute};w=${windowSeconds}`;
  /** When the windows of the subjects over their limit end, by `performance.now()`. */
  const refusedUntil = new Map<string, number>();

  /** What the headers of an answer say of the limit. */
  function headersOf({ count, resetMs }: Count): Readonly<Record<string, string>> {
    const remaining = String(Math.max(0, perMinute - count));
    const reset = String(secondsUntil(resetMs));
    return {
      'RateLimit-Policy': policy,
      RateLimit: `"default";r=${remaining};t=${reset}`,
      'RateLimit-Limit': String(perMinute),
      'RateLimit-Remaining': remaining,
      'RateLimit-Reset': reset,
    };
  }

  const refuse = (counted: Count): TooManyRequests =>
    new TooManyRequests(perMinute, secondsUntil(counted.resetMs), headersOf(counted));

  return {
    async middleware(request, response, next) {
      const subject = subjectOf(request.address);
      const ofAddress = await options.countAddress(subject);
      if (ofAddress.count > perMinute) {
        if (refusedUntil.size >= mostRefused) refusedUntil.clear();
        refusedUntil.set(subject, performance.now() + ofAddress.resetMs);
        throw refuse(ofAddress);
      }
      // Not before: an address over its limit has no body read and no keys counted that it makes up.
      const body = readBodyOf(request, response);
      await body.catch(() => undefined);
      const key = keyOf(request);
      const ofKey = key === undefined ? undefined : await options.countKey(key);
      if (ofKey !== undefined && ofKey.count > perMinute) throw refuse(ofKey);
      // What the client is told is the count that stops it first.
      const told = ofKey !== undefined && ofKey.count > ofAddress.count ? ofKey : ofAddress;
      for (const [name, value] of Object.entries(headersOf(told))) response.setHeader(name, value);
      // What is wrong with it comes after the limit.
      await body;
      next();
    },
    refusal(request) {
      if (refusedUntil.size === 0) return undefined;
      const subject = subjectOf(request.address);
      const resetMs = (refusedUntil.get(subject) ?? 0) - performance.now();
      if (resetMs > 0) return refuse({ count: perMinute + 1, resetMs });
      refusedUntil.delete(subject);
      return undefined;
    },
  };
}

const secondsUntil = (resetMs: number): number => Math.max(1, Math.ceil(resetMs / 1_000));

/**
 * Reads the body of a POST, in which the key may be.
 *
 * @throws what `readBody` does
 */
async function readBodyOf(request: Request, response: Response): Promise<void> {
  if (request.method !== 'POST') return;
  await new Promise<void>((resolve, reject) => {
    readBody(request, response, (problem?: unknown) => (problem ? reject(problem) : resolve()));
  });
}

/** The API key of a request, whichever way it comes; undefined when there is none, or not one. */
function keyOf(request: Request): string | undefined {
  try {
    return apiKeyOf(request, readParameters(request));
  } catch {
    return undefined;
  }
}
