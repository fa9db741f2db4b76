import { setTimeout as sleep } from 'node:timers/promises';
import { isSecret } from './service-secret.ts';
import { createWindowCounter } from './window-counter.ts';

export type GateVerdict =
  | { readonly verdict: 'open' | 'wrong' }
  /** Too many wait before it: this one was not looked at. */
  | { readonly verdict: 'wait'; readonly retryAfterSeconds: number };

/** Somebody who gives a password. */
export interface Attempt {
  readonly password: string;
  /** What is counted for the address that it came from: see `subjectOf`. */
  readonly subject: string;
  /** Names who has proved to know the password before: nobody else's wrong ones delay that one. */
  readonly known?: string | undefined;
  /** Aborts when the client has gone. */
  readonly gone?: AbortSignal | undefined;
}

/** Lets in who knows a password, and slows down who guesses. */
export interface PasswordGate {
  /** Judges an attempt. A wrong one is answered late. */
  try(attempt: Attempt): Promise<GateVerdict>;
}

export interface PasswordGateOptions {
  readonly password: string;
  /** So many of all strangers together are looked at in a minute, one after the other; 300 unless set. */
  readonly perMinute?: number;
  /** So many are looked at at once, after a quiet time; 100 unless set. */
  readonly atOnce?: number;
  /** How late a wrong one is answered at first, in milliseconds; 500 unless set. */
  readonly delayMs?: number;
}

/** The answer to a wrong one is later by so many milliseconds for each that the address sent in a minute. */
const laterMs = 100;
const latestMs = 2_000;
/** Of one address, and of all, so many may wait to be looked at. */
const mostOfOne = 50;
const mostWaiting = 1_000;
/** One who is known and wrong more often than this in a minute is a stranger. */
const wrongOfKnown = 10;

interface Waiting {
  readonly attempt: Attempt;
  readonly judge: () => void;
  readonly refuse: () => void;
}

/**
 * A gate of one process: each counts for itself, so that nobody is locked out while Redis is away.
 *
 * Nobody is refused for what others sent, and a right password opens however many were wrong before. What
 * bounds the guesses is that strangers' passwords are looked at one after the other, `perMinute` of them
 * and no more, after the `atOnce` that a quiet time saves up: to look at each as it comes, and be late
 * with the wrong ones alone, would tell at once which are wrong. Addresses take turns, so that who comes
 * from another than the guessers waits for one turn of each of those, and not for all that they sent; who
 * comes from the same waits behind those of that address, at most `mostOfOne`.
 */
export function createPasswordGate(options: PasswordGateOptions): PasswordGate {
  const { perMinute = 300, atOnce = 100, delayMs = 500 } = options;
  const isRight = isSecret(options.password);
  const wrong = createWindowCounter({ windowMs: 60_000 });
  const perMs = perMinute / 60_000;
  /** In the order of their turns. */
  const queues = new Map<string, Waiting[]>();
  let waiting = 0;
  let saved = atOnce;
  let countedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;

  async function judge({ password, subject, known }: Attempt): Promise<GateVerdict> {
    if (isRight(password)) return { verdict: 'open' };
    if (known !== undefined) wrong.add(`known ${known}`);
    await sleep(Math.min(latestMs, delayMs + laterMs * (wrong.add(subject).count - 1)));
    return { verdict: 'wrong' };
  }

  function takeTurns(): void {
    clearTimeout(timer);
    timer = undefined;
    const now = performance.now();
    saved = Math.min(atOnce, saved + (now - countedAt) * perMs);
    countedAt = now;
    while (waiting > 0 && saved >= 1) {
      const [[subject, queue] = ['', []]] = queues;
      const next = queue.shift();
      queues.delete(subject);
      if (queue.length > 0) queues.set(subject, queue);
      if (next === undefined) continue;
      waiting -= 1;
      // A right one is no guess.
      if (!isRight(next.attempt.password)) saved -= 1;
      next.judge();
    }
    if (waiting > 0) timer = setTimeout(takeTurns, Math.ceil((1 - saved) / perMs));
  }

  function leave(one: Waiting): void {
    const queue = queues.get(one.attempt.subject) ?? [];
    const index = queue.indexOf(one);
    if (index < 0) return;
    queue.splice(index, 1);
    waiting -= 1;
    if (queue.length === 0) queues.delete(one.attempt.subject);
    if (waiting > 0) return;
    clearTimeout(timer);
    timer = undefined;
  }

  /** Makes room for one of another address at the cost of the address with the most; whether it could. */
  function makeRoom(): boolean {
    let longest: Waiting[] = [];
    for (const queue of queues.values()) if (queue.length > longest.length) longest = queue;
    const last = longest.at(-1);
    if (longest.length < 2 || last === undefined) return false;
    leave(last);
    last.refuse();
    return true;
  }

  return {
    async try(attempt) {
      const { subject, known, gone } = attempt;
      if (known !== undefined && wrong.of(`known ${known}`) < wrongOfKnown) return judge(attempt);
      const queue = queues.get(subject) ?? [];
      const ahead = queue.length;
      const retryAfterSeconds = Math.max(1, Math.ceil(Math.min(waiting, 300) / perMs / 1_000));
      const wait: GateVerdict = { verdict: 'wait', retryAfterSeconds };
      if (ahead >= mostOfOne || (waiting >= mostWaiting && (ahead > 0 || !makeRoom()))) return wait;
      return await new Promise<GateVerdict>((resolve) => {
        const one: Waiting = {
          attempt,
          judge: () => resolve(judge(attempt)),
          refuse: () => resolve(wait),
        };
        const onGone = (): void => {
          leave(one);
          resolve(wait);
        };
        if (gone?.aborted) {
          onGone();
          return;
        }
        gone?.addEventListener('abort', onGone, { once: true });
        queue.push(one);
        queues.set(subject, queue);
        waiting += 1;
        takeTurns();
      });
    },
  };
}
