import type { IncomingMessage } from 'node:http';
import { TooManyRequests } from '@kasabi/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { subjectOf } from './client-address.ts';
import { readBody } from './read-body.ts';
import type { Count } from './window-counter.ts';

/** The window of the limit, in seconds. */
export const windowSeconds = 60;

export interface RateLimitOptions {
  /** The most requests from one address, and with one key, in a window. */
  readonly perMinute: number;
  /** Counts a request from an address. The subject is the address, or the first half of an IPv6 address. */
  countAddress(subject: string): Count | Promise<Count>;
  /** The digest of a request's API key; throws if there is none, or more than one. */
  keyDigestOf(request: Request): Buffer;
  /** Counts a request with the API key that has this digest. */
  countKey(digest: Buffer): Count | Promise<Count>;
}

export interface RateLimit {
  /** Counts requests, and refuses those beyond the limit. */
  readonly middleware: RequestHandler;
  /**
   * The refusal of a request whose address is known to be over its limit; undefined for any other. It counts nothing and
   * costs almost nothing.
   */
  refusal(request: IncomingMessage): TooManyRequests | undefined;
}

/** The most addresses over their limit that are remembered; with more, all are forgotten and counted again. */
const mostRefused = 50_000;

/**
 * Limits requests per address and per API key to `perMinute` each. The headers are those of
 * draft-ietf-httpapi-ratelimit-headers, and of its older form, which more clients know.
 */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { perMinute } = options;
  const limit = String(perMinute);
  const policy = `"default";q=${perMinute};w=${windowSeconds}`;
  /** When the windows of the subjects over their limit end, by `performance.now()`. */
  const refusedUntil = new Map<string, number>();

  /** The headers that describe the limit. */
  function headersOf({ count, resetMs }: Count): readonly (readonly [string, string])[] {
    const remaining = String(Math.max(0, perMinute - count));
    const reset = String(secondsUntil(resetMs));
    return [
      ['RateLimit-Policy', policy],
      ['RateLimit', `"default";r=${remaining};t=${reset}`],
      ['RateLimit-Limit', limit],
      ['RateLimit-Remaining', remaining],
      ['RateLimit-Reset', reset],
    ];
  }

  function refuse(counted: Count): TooManyRequests {
    const headers = Object.fromEntries(headersOf(counted));
    return new TooManyRequests(perMinute, secondsUntil(counted.resetMs), headers);
  }

  /** Undefined for a request without a key, or without a readable one. */
  function digestOf(request: Request): Buffer | undefined {
    try {
      return options.keyDigestOf(request);
    } catch {
      return undefined;
    }
  }

  return {
    async middleware(request, response, next) {
      const subject = subjectOf(request.address);
      const addressCounted = options.countAddress(subject);
      const ofAddress = addressCounted instanceof Promise ? await addressCounted : addressCounted;
      if (ofAddress.count > perMinute) {
        if (refusedUntil.size >= mostRefused) refusedUntil.clear();
        refusedUntil.set(subject, performance.now() + ofAddress.resetMs);
        throw refuse(ofAddress);
      }
      // Not earlier: for an address over its limit, no body is read, and no made-up keys are counted.
      const problem = request.method === 'POST' ? await readBodyOf(request, response) : undefined;
      const digest = digestOf(request);
      const keyCounted = digest === undefined ? undefined : options.countKey(digest);
      const ofKey = keyCounted instanceof Promise ? await keyCounted : keyCounted;
      if (ofKey !== undefined && ofKey.count > perMinute) throw refuse(ofKey);
      // The client is told the count that will reach its limit first.
      const told = ofKey !== undefined && ofKey.count > ofAddress.count ? ofKey : ofAddress;
      for (const [name, value] of headersOf(told)) response.setHeader(name, value);
      // Problems with the body are reported only after the limit has been checked.
      next(problem);
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

/** Reads the body of a POST, which may contain the key; resolves to the problem with it, if there is one. */
function readBodyOf(request: Request, response: Response): Promise<unknown> {
  return new Promise((resolve) => {
    try {
      readBody(request, response, resolve);
    } catch (problem) {
      resolve(problem);
    }
  });
}
