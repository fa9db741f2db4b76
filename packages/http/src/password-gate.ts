import { isSecret } from './service-secret.ts';
import { createWindowCounter } from './window-counter.ts';

export type GateVerdict =
  | { readonly verdict: 'open' | 'wrong' }
  /** It was wrong, and so many other wrong ones are held back that this one is refused at once. */
  | { readonly verdict: 'too-many'; readonly retryAfterSeconds: number };

/** Somebody who gives a password. */
export interface Attempt {
  readonly password: string;
  /** What is counted for the address that it came from: see `subjectOf`. */
  readonly subject: string;
  /** Aborts when the client has gone. */
  readonly gone?: AbortSignal | undefined;
}

/** Lets in whoever knows a password, and slows down whoever guesses. */
export interface PasswordGate {
  /** Judges an attempt. A wrong one is answered late. */
  try(attempt: Attempt): Promise<GateVerdict>;
}

export interface PasswordGateOptions {
  readonly password: string;
  /** How late a wrong one is answered at first, in milliseconds; 500 unless set. */
  readonly delayMs?: number;
  /** So many wrong ones are held back at a time, of all addresses; 1,000 unless set. */
  readonly mostHeld?: number;
}

/** The answer to a wrong one is later by so many milliseconds for each that the address sent in a minute. */
const laterMs = 100;
const latestMs = 2_000;
/** So many wrong ones of one address are held back at a time. */
const mostOfOne = 50;

/**
 * A gate of one process: each counts for itself, so that nobody is locked out while Redis is away.
 *
 * The right password opens at once, whatever anybody sends: no number of wrong ones, from one address or from
 * thousands, delays or refuses it. The price is that a guesser who hangs up instead of waiting for the late
 * answer learns that a guess was wrong, so the delay bounds what guesses cost this service, not their number. What
 * bounds that is the password: the settings take none below 12 characters, and 12 random ones outlast 10,000
 * guesses a second by 10 to the power of 11 years.
 */
export function createPasswordGate(options: PasswordGateOptions): PasswordGate {
  const { delayMs = 500, mostHeld = 1_000 } = options;
  const isRight = isSecret(options.password);
  const wrong = createWindowCounter({ windowMs: 60_000 });
  /** How many are held back, by address. */
  const held = new Map<string, number>();
  let heldInAll = 0;

  const hold = (subject: string, by: 1 | -1): void => {
    heldInAll += by;
    const count = (held.get(subject) ?? 0) + by;
    if (count === 0) held.delete(subject);
    else held.set(subject, count);
  };

  return {
    async try({ password, subject, gone }) {
      if (isRight(password)) return { verdict: 'open' };
      const lateMs = Math.min(latestMs, delayMs + laterMs * (wrong.add(subject).count - 1));
      if (heldInAll >= mostHeld || (held.get(subject) ?? 0) >= mostOfOne) {
        return { verdict: 'too-many', retryAfterSeconds: Math.ceil(lateMs / 1_000) };
      }
      hold(subject, 1);
      await elapsed(lateMs, gone);
      hold(subject, -1);
      return { verdict: 'wrong' };
    },
  };
}

/** Resolves after `ms` milliseconds, or when the client has gone. */
function elapsed(ms: number, gone: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (gone?.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      gone?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    gone?.addEventListener('abort', end);
  });
}
