import {
  diagnose,
  type Finding,
  type Overview,
  readHistory,
  readOverview,
  readUpcoming,
} from '@kasabi/operations';
import type pg from 'pg';

/** The state of the system, and what is wrong with it. */
export interface Health {
  readonly overview: Overview;
  readonly findings: readonly Finding[];
}

/** How many upcoming jobs are read. */
export const mostUpcoming = 200;

/** Shorter than the pause between two readings of a view, so that each shows something new. */
const healthMs = 1_500;
const upcomingMs = 4_000;
/** If reading Postgres's clock took longer than this, in milliseconds, it says nothing about this host's clock. */
const tellingMs = 2_000;
/** Workers tally every few seconds; a chart of hours need not show each tally. */
const historyMs = 15_000;

/**
 * Makes the readings that several views share. Nothing else should use this pool, because its statements are counted.
 */
export function createReads(db: pg.Pool) {
  let statements = 0;
  // Each statement of a pool acquires a connection.
  db.on('acquire', () => {
    statements += 1;
  });
  const kept = new Map<string, { readonly at: number; readonly value: Promise<unknown> }>();

  function atMostEvery<T>(ms: number, key: string, read: () => Promise<T>): Promise<T> {
    const last = kept.get(key);
    if (last !== undefined && performance.now() - last.at < ms) return last.value as Promise<T>;
    const value = read();
    kept.set(key, { at: performance.now(), value });
    // After a failure, the next caller reads again.
    value.catch(() => kept.delete(key));
    return value;
  }

  return {
    db,
    health: (): Promise<Health> =>
      atMostEvery(healthMs, 'health', async () => {
        const [asked, begun] = [Date.now(), performance.now()];
        const overview = await readOverview(db);
        const tookMs = performance.now() - begun;
        // When a statement is slow, nobody knows at which moment it read the clock.
        const clockOffsetMs =
          tookMs > tellingMs ? undefined : asked + tookMs / 2 - overview.now.getTime();
        return { overview, findings: diagnose({ overview, clockOffsetMs }) };
      }),
    history: (hours: number) =>
      atMostEvery(historyMs, `history ${hours}`, () => readHistory(db, { hours })),
    upcoming: () =>
      atMostEvery(upcomingMs, 'upcoming', () => readUpcoming(db, { limit: mostUpcoming })),
    /** How many statements have been sent to Postgres so far. */
    get statements(): number {
      return statements;
    },
  };
}

export type Reads = ReturnType<typeof createReads>;
