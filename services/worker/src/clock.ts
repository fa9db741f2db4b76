import type { Logger } from '@kasabi/runtime';

/** A clock may be this far off, in milliseconds, before it is corrected. */
const tolerableSkewMs = 100;

/** A quick reading is believed for so long, in milliseconds, before a slower one takes its place. */
const believedMs = 60_000;

/** What the host's clock may lose or gain between two readings, in milliseconds. */
const driftMs = 10;

export interface ClockCorrection {
  /**
   * Runs a statement that reads Postgres's clock, and compares the host's with it.
   *
   * @param nowOf the clock, in milliseconds since the epoch, where the statement read it.
   */
  compare<T>(statement: () => Promise<T>, nowOf: (result: T) => number | undefined): Promise<T>;
  /** How far the host's clock is ahead of Postgres's, in milliseconds; undefined until it was compared. */
  readonly offsetMs: number | undefined;
}

/** A comparison. Postgres read its clock somewhere within `tookMs`, so that half of that is the error. */
interface Reading {
  readonly aheadMs: number;
  readonly tookMs: number;
  readonly at: number;
}

/**
 * Keeps this process's `Date.now` at Postgres's clock, for BullMQ's sake: it reads the clock of its worker
 * in a dozen places (which delayed jobs are due, until when one is delayed) and takes none from outside.
 * On a host that is an hour ahead it would deliver everything early and park what is given back an hour
 * too late for every other worker; on one that is behind it would deliver nothing in time. Correctness
 * does not rest on this: the claim compares Postgres's clock with Postgres's record.
 *
 * As NTP does, it takes the middle of each reading, believes the quickest of the last minute, and never takes
 * for a wrong clock what may be a slow statement.
 */
export function correctClock(log: Logger): ClockCorrection {
  const hostNow = Date.now;
  let correctedMs = 0;
  let best: Reading | undefined;

  function learn(reading: Reading): void {
    if (best === undefined || isBetter(reading, best)) best = reading;
    const error = best.aheadMs + correctedMs;
    if (Math.abs(error) <= tolerableSkewMs + best.tookMs / 2) return;
    correctedMs = -best.aheadMs;
    log.warn({ offsetMs: Math.round(correctedMs) }, "the host's clock is wrong; corrected here");
    Date.now = () => Math.round(hostNow() + correctedMs);
  }

  return {
    async compare(statement, nowOf) {
      const [asked, begun] = [hostNow(), performance.now()];
      const result = await statement();
      const now = nowOf(result);
      if (now !== undefined) {
        const at = performance.now();
        const tookMs = at - begun;
        learn({ aheadMs: asked + tookMs / 2 - now, tookMs, at });
      }
      return result;
    },
    get offsetMs() {
      return best?.aheadMs;
    },
  };
}

/** Also when the old one cannot be true any more: one of the clocks was set meanwhile. */
function isBetter(reading: Reading, best: Reading): boolean {
  const contradicts =
    Math.abs(reading.aheadMs - best.aheadMs) > (reading.tookMs + best.tookMs) / 2 + driftMs;
  return contradicts || reading.tookMs <= best.tookMs || reading.at - best.at > believedMs;
}
