import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export type GateVerdict =
  | { readonly verdict: 'open' | 'wrong' }
  /** Too many were wrong: this one was not looked at. */
  | { readonly verdict: 'wait'; readonly retryAfterSeconds: number };

/** Lets in who knows a password, and slows down who guesses. */
export interface PasswordGate {
  /** Judges what came from an address. A wrong one is answered late. */
  try(password: string, address: string): Promise<GateVerdict>;
}

export interface PasswordGateOptions {
  readonly password: string;
  /** How many wrong ones an address may send in a minute; 10 unless set. */
  readonly wrongPerMinute?: number;
  /** How late a wrong one is answered, in milliseconds; 1000 unless set. */
  readonly delayMs?: number;
}

/**
 * A gate of one process: each counts for itself, so that nobody is locked out while Redis is away. All
 * addresses together may send ten times what one may, for whoever has many.
 */
export function createPasswordGate(options: PasswordGateOptions): PasswordGate {
  const { wrongPerMinute = 10, delayMs = 1_000 } = options;
  const digest = digestOf(options.password);
  const ofOne = new RateLimiterMemory({ points: wrongPerMinute, duration: 60 });
  const ofAll = new RateLimiterMemory({ points: 10 * wrongPerMinute, duration: 60 });

  return {
    async try(password, address) {
      // Counted before it is looked at, and given back if it was right: many at once are no way round.
      const limits = [
        [ofOne, address],
        [ofAll, 'all'],
      ] as const;
      try {
        for (const [limiter, key] of limits) await limiter.consume(key);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        const retryAfterSeconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
        return { verdict: 'wait', retryAfterSeconds };
      }
      if (timingSafeEqual(digestOf(password), digest)) {
        for (const [limiter, key] of limits) await limiter.reward(key);
        return { verdict: 'open' };
      }
      await sleep(delayMs);
      return { verdict: 'wrong' };
    },
  };
}

/** Of one length whatever the password's, as the comparison wants it. */
const digestOf = (password: string): Buffer =>
  createHash('sha256').update(password, 'utf8').digest();
