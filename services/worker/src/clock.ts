import type { Logger } from '@kasabi/service-kit';

/** A clock may be this far off, in milliseconds, before it is corrected. */
const tolerableSkewMs = 100;

export interface ClockCorrection {
  /** Is told Postgres's clock, in milliseconds since the epoch, whenever it was read. */
  observe(now: number | undefined): void;
  /** The host's own clock, uncorrected. */
  hostNow(): number;
}

/**
 * Keeps this process's `Date.now` at Postgres's clock, for BullMQ's sake: it reads the clock of its worker
 * in a dozen places (which delayed jobs are due, until when one is delayed) and takes none from outside.
 * On a host that is an hour ahead it would deliver everything early and park what is given back an hour
 * too late for every other worker; on one that is behind it would deliver nothing in time. Correctness
 * does not rest on this: the claim compares Postgres's clock with Postgres's record.
 */
export function correctClock(log: Logger): ClockCorrection {
  const hostNow = Date.now;
  let offset = 0;
  return {
    observe(now) {
      if (now === undefined || Math.abs(now - (hostNow() + offset)) <= tolerableSkewMs) return;
      offset = now - hostNow();
      log.warn({ offsetMs: Math.round(offset) }, "the host's clock is wrong; corrected here");
      Date.now = () => Math.round(hostNow() + offset);
    },
    hostNow,
  };
}
