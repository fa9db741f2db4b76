import { type Count, windowSeconds } from '@kasabi/http';
import { type RedisConnection, SPREAD_KEY_PREFIX } from '@kasabi/queue';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** The window in which requests are counted, in milliseconds. */
export const windowMs = windowSeconds * 1_000;

/** How long counts may stay unsettled, in milliseconds. */
const settleMs = 100;

/** The share of the limit that a process may count before it has to settle. */
const unsettledShare = 0.02;

/** How long Redis is left alone, in milliseconds, after it did not answer. */
const pauseMs = 5_000;

/** So many subjects are remembered; of more, those whose windows began first are forgotten. */
const mostSubjects = 50_000;

/** A count of one subject: of this process, and as far as it knows of the others. */
interface Window {
  /** When it ends, by `performance.now()`. */
  ends: number;
  own: number;
  others: number;
  /** How many of its own the process has told Redis. */
  settled: number;
  settling: Promise<void> | undefined;
}

export interface SharedCounter {
  /** Counts a request; a promise where Redis has to be asked first. */
  add(subject: string): Count | Promise<Count>;
}

/**
 * Counts by subject for all processes that share this Redis. A process counts by itself, and settles with Redis
 * behind the answers: after a tenth of a second, or, before it answers, when it has counted 2 % of `limit`
 * since. So N processes let through at most N - 1 times 2 % more than the limit, and exactly the limit where it
 * is below 50 or there is one process. Asking Redis for each request took half of the time of accepting a job.
 */
export function createSharedCounter(redis: RedisConnection, limit: number): SharedCounter {
  const store = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${SPREAD_KEY_PREFIX}:rate`,
    points: limit,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
  });
  const mostUnsettled = Math.floor(limit * unsettledShare);
  // In the order in which they began.
  const windows = new Map<string, Window>();
  const unsettled = new Set<string>();
  let scheduled = false;
  /** While Redis is away: when it is asked again. No request waits for that. */
  let askAgainAt: number | undefined;

  function windowOf(subject: string): Window {
    const now = performance.now();
    const present = windows.get(subject);
    if (present !== undefined && present.ends > now) return present;
    windows.delete(subject);
    for (const [oldest, { ends }] of windows) {
      if (ends > now && windows.size < mostSubjects) break;
      windows.delete(oldest);
    }
    const window = { ends: now + windowMs, own: 0, others: 0, settled: 0, settling: undefined };
    windows.set(subject, window);
    return window;
  }

  function settle(subject: string, window: Window): Promise<void> {
    window.settling ??= tell(subject, window).finally(() => {
      window.settling = undefined;
    });
    return window.settling;
  }

  /** Tells Redis what this process has counted, and notes what the others have. */
  async function tell(subject: string, window: Window): Promise<void> {
    const { own } = window;
    unsettled.delete(subject);
    try {
      const { consumedPoints, msBeforeNext } = await consume(subject, own - window.settled);
      askAgainAt = undefined;
      window.ends = performance.now() + msBeforeNext;
      // Redis's window may have begun later than this one: what was counted before is no part of it.
      const counted = Math.min(own, consumedPoints);
      window.own -= own - counted;
      window.settled = counted;
      window.others = consumedPoints - counted;
    } catch {
      askAgainAt = performance.now() + pauseMs;
    }
  }

  async function consume(subject: string, points: number): Promise<RateLimiterRes> {
    try {
      return await store.consume(subject, points);
    } catch (error) {
      // Its way to say that the limit is passed.
      if (error instanceof RateLimiterRes) return error;
      throw error;
    }
  }

  function scheduleSettling(): void {
    if (scheduled) return;
    scheduled = true;
    const wait = Math.max(settleMs, (askAgainAt ?? 0) - performance.now());
    setTimeout(settleAll, wait).unref();
  }

  function settleAll(): void {
    scheduled = false;
    for (const subject of unsettled) {
      const window = windows.get(subject);
      if (window === undefined) unsettled.delete(subject);
      else void settle(subject, window);
    }
    // Those that were counted while they were being settled.
    if (unsettled.size > 0) scheduleSettling();
  }

  /** The count of the request that was this process's `place`th. */
  const countAt = (window: Window, place: number): Count => ({
    count: window.others + place,
    resetMs: Math.max(0, window.ends - performance.now()),
  });

  return {
    add(subject) {
      const window = windowOf(subject);
      // One beyond the limit is refused, and counts no further.
      if (window.others + window.own >= limit) return countAt(window, limit + 1 - window.others);
      window.own += 1;
      unsettled.add(subject);
      scheduleSettling();
      const mayAnswer = window.own - window.settled <= mostUnsettled || askAgainAt !== undefined;
      return mayAnswer ? countAt(window, window.own) : settledCount(subject, window, window.own);
    },
  };

  async function settledCount(subject: string, window: Window, place: number): Promise<Count> {
    // One under way may have begun before this request was counted.
    await window.settling;
    const isKnown = window.settled >= place - mostUnsettled || askAgainAt !== undefined;
    if (!isKnown) await settle(subject, window);
    return countAt(window, Math.min(place, window.own));
  }
}
