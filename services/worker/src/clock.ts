import type { Logger } from '@kasabi/runtime';

/** The clock is corrected when it is off by more than this, in milliseconds. */
const tolerableSkewMs = 100;

/** How long a quick reading is trusted before a slower one replaces it, in milliseconds. */
const believedMs = 60_000;

/** The most that the host's clock drifts between two readings, in milliseconds. */
const driftMs = 10;

/** A comparison. Postgres read its clock somewhere within `tookMs`, so the error is half of that. */
interface Reading {
  readonly aheadMs: number;
  readonly tookMs: number;
  readonly at: number;
}

/**
 * Keeps this process's `Date.now` at Postgres's clock, for BullMQ: it reads the clock of its worker in a dozen
 * places (which delayed jobs are due, until when one is delayed) and offers no way to replace it. On a host that
 * is an hour ahead it would deliver everything early, and park returned deliveries an hour too late for every
 * other worker; on one that is behind it would deliver nothing in time. Correctness does not depend on this: the
 * claim compares Postgres's clock with Postgres's record.
 *
 * Like NTP, it takes the middle of each reading, trusts the quickest of the last minute, and never mistakes a slow
 * statement for a wrong clock.
 */
export function correctClock(log: Logger) {
  const hostNow = Date.now;
  let correctedMs = 0;
  let best: Reading | undefined;

  function learn(reading: Reading): void {
    if (best === undefined || isBetter(reading, best)) best = reading;
    const error = best.aheadMs + correctedMs;
    if (Math.abs(error) <= tolerableSkewMs + best.tookMs / 2) return;
    correctedMs = -best.aheadMs;
    log.warn(
      { offsetMs: Math.round(correctedMs) },
      "the host's clock is wrong; corrected in this process",
    );
    Date.now = () => Math.round(hostNow() + correctedMs);
  }

  return {
    /**
     * Runs a statement that reads Postgres's clock, and compares the host's clock with it.
     *
     * @param nowOf the clock, in milliseconds since the epoch, where the statement read it.
     */
    async compare<T>(
      statement: () => Promise<T>,
      nowOf: (result: T) => number | undefined,
    ): Promise<T> {
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
    /** How far the host's clock is ahead of Postgres's, in milliseconds; undefined until they were compared. */
    get offsetMs() {
      return best?.aheadMs;
    },
  };
}

export type ClockCorrection = ReturnType<typeof correctClock>;

/** Also when the old reading is no longer possible: one of the clocks was set meanwhile. */
function isBetter(reading: Reading, best: Reading): boolean {
  const contradicts =
    Math.abs(reading.aheadMs - best.aheadMs) > (reading.tookMs + best.tookMs) / 2 + driftMs;
  return contradicts || reading.tookMs <= best.tookMs || reading.at - best.at > believedMs;
}
