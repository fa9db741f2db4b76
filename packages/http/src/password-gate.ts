import { setTimeout as sleep } from 'node:timers/promises';
import { createCounts } from './counts.ts';
import { isSecret } from './service-secret.ts';
import { createWindowCounter } from './window-counter.ts';

export type GateVerdict =
  | { readonly verdict: 'open' | 'wrong' }
  /** It was wrong, and the answers to so many wrong ones are being delayed that this one is refused at once. */
  | { readonly verdict: 'too-many'; readonly retryAfterSeconds: number };

/** An attempt to enter with a password. */
export interface Attempt {
  readonly password: string;
  /** The address that it came from, as it is counted: see `subjectOf`. */
  readonly subject: string;
  /** Aborts when the client has gone. */
  readonly gone?: AbortSignal | undefined;
}

export interface PasswordGateOptions {
  readonly password: string;
  /** The delay of the answer to the first wrong password, in milliseconds; 500 unless set. */
  readonly delayMs?: number;
  /** The most answers that are delayed at a time, for all addresses; 1,000 unless set. */
  readonly mostHeld?: number;
}

/** Each wrong password from an address within a minute adds this many milliseconds to the delay of the next one. */
const laterMs = 100;
const latestMs = 2_000;
/** The most answers that are delayed at a time for one address. */
const mostOfOne = 50;

/**
 * A gate that lets in those who know the password, and slows down those who guess. Each process counts for itself, so that nobody is locked out while Redis is away.
 *
 * The right password opens at once: no number of wrong ones, from one address or from thousands, delays or blocks it.
 * The price is that a guesser who hangs up before the delayed answer already knows that the guess was wrong. So the
 * delay limits what guesses cost this service, not how many there are. That is limited by the password: the settings
 * require at least 12 characters, and 12 random ones withstand 10,000 guesses a second for 10 to the power of 11 years.
 */
export function createPasswordGate(options: PasswordGateOptions) {
  const { delayMs = 500, mostHeld = 1_000 } = options;
  const isRight = isSecret(options.password);
  const wrong = createWindowCounter({ windowMs: 60_000 });
  /** How many answers are delayed now, by address and in all. */
  const held = createCounts();
  let heldInAll = 0;
  const hold = (subject: string, by: 1 | -1): void => {
    heldInAll += by;
    held.change(subject, by);
  };

  return {
    /** Judges an attempt. The answer to a wrong password is delayed. */
    async try({ password, subject, gone }: Attempt): Promise<GateVerdict> {
      if (isRight(password)) return { verdict: 'open' };
      const lateMs = Math.min(latestMs, delayMs + laterMs * (wrong.add(subject).count - 1));
      if (heldInAll >= mostHeld || held.of(subject) >= mostOfOne) {
        return { verdict: 'too-many', retryAfterSeconds: Math.ceil(lateMs / 1_000) };
      }
      hold(subject, 1);
      await sleep(lateMs, undefined, { signal: gone }).catch(() => undefined);
      hold(subject, -1);
      return { verdict: 'wrong' };
    },
  };
}
