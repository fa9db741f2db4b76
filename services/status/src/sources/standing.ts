import type { Database } from '@kasabi/postgres';
import { createLoop } from '@kasabi/runtime';

export interface StandingOptions {
  readonly standby: Database;
  readonly primary: Database;
  /** A standby that is further behind is not read from, in milliseconds. */
  readonly maxLagMs: number;
  /** The pause between looks, in milliseconds; 200 unless set. */
  readonly intervalMs?: number;
  readonly onError: (error: unknown) => void;
}

/** Where the primary was in its log at a moment, by `performance.now()`. */
interface Sample {
  readonly at: number;
  readonly position: number;
}

/** How many samples are kept: a few minutes of them. */
const keptSamples = 1_000;

/** A primary that has not answered for longer, in milliseconds, is taken to be away. */
const awayAfterMs = 2_000;

const bytes = (position: string): string => `pg_wal_lsn_diff(${position}, '0/0')::float8`;

/**
 * Follows how far a standby is behind its primary. It compares positions in the log: the standby has all that was
 * committed by the time at which the primary was where the standby is now. Unlike the time of the last transaction,
 * that is right when nothing is written, and when the standby has lost its primary.
 */
export function createStanding(options: StandingOptions) {
  const { standby, primary, maxLagMs, onError } = options;
  let samples: Sample[] = [];
  let asOf = Number.NEGATIVE_INFINITY;
  let lagMs: number | undefined;
  let primaryAnsweredAt = Number.NEGATIVE_INFINITY;

  async function lookAtPrimary(): Promise<void> {
    const at = performance.now();
    const { rows } = await primary.query<{ position: number }>({
      name: 'primary-position',
      text: `SELECT ${bytes('pg_current_wal_flush_lsn()')} AS position`,
    });
    samples = [...samples.slice(1 - keptSamples), { at, position: rows[0]?.position ?? 0 }];
    primaryAnsweredAt = performance.now();
  }

  async function lookAtStandby(): Promise<void> {
    const at = performance.now();
    const { rows } = await standby.query<{ position: number | null }>({
      name: 'standby-position',
      text: `SELECT CASE WHEN pg_is_in_recovery() THEN ${bytes('pg_last_wal_replay_lsn()')} END AS position`,
    });
    // It is no standby: it lacks nothing.
    const position = rows[0]?.position ?? Number.POSITIVE_INFINITY;
    const reached = samples.findLast((sample) => sample.position <= position);
    if (reached !== undefined) asOf = Math.max(asOf, reached.at);
    lagMs = reached && Math.max(0, Math.min(at, primaryAnsweredAt) - reached.at);
  }

  async function look(): Promise<void> {
    // One after the other: a sample must not be younger than what it is compared with.
    const [first] = await Promise.allSettled([lookAtPrimary()]);
    const [second] = await Promise.allSettled([lookAtStandby()]);
    const failed = [first, second].find((it) => it.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  return {
    loop: createLoop({
      name: 'standing',
      intervalMs: options.intervalMs ?? 200,
      runOnce: look,
      onError,
    }),
    /** The moment, by `performance.now()`, up to which the standby has all that was committed. */
    get asOf() {
      return asOf;
    },
    /** How far the standby was behind at the last look, in milliseconds; undefined unless known. */
    get lagMs() {
      return lagMs;
    },
    /** Whether the primary answers. */
    get hasPrimary() {
      return performance.now() - primaryAnsweredAt < awayAfterMs;
    },
    /** Whether the standby is so far behind that the primary is asked instead. */
    get isBehind() {
      return performance.now() - asOf > maxLagMs;
    },
  };
}

export type Standing = ReturnType<typeof createStanding>;
