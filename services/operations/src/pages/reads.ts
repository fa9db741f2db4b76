import type { JobRecord } from '@kasabi/jobs';
import {
  diagnose,
  type Finding,
  type HistoryPoint,
  type Overview,
  readHistory,
  readOverview,
  readUpcoming,
} from '@kasabi/operations';
import type { Database } from '@kasabi/postgres';
import type pg from 'pg';

/** How things are, and what is wrong with that. */
export interface Health {
  readonly overview: Overview;
  readonly findings: readonly Finding[];
}

/** What several views show, read once for all of them. */
export interface Reads {
  readonly db: Database;
  health(): Promise<Health>;
  history(hours: number): Promise<HistoryPoint[]>;
  upcoming(): Promise<JobRecord[]>;
  /** How many statements were sent to Postgres so far. */
  readonly statements: number;
}

/** How many of the jobs to come are read. */
export const mostUpcoming = 200;

/** Below how often a view is read: the next reading of it is to see something new. */
const healthMs = 1_500;
const upcomingMs = 4_000;
/** A reading of Postgres's clock that took longer, in milliseconds, says nothing of this host's. */
const tellingMs = 2_000;
/** The workers tally every few seconds; a chart of hours need not follow each. */
const historyMs = 15_000;

/** Makes the reads on this pool, which nothing else should use. */
export function createReads(db: pg.Pool): Reads {
  let statements = 0;
  // A statement of a pool takes a connection for itself.
  db.on('acquire', () => {
    statements += 1;
  });
  const kept = new Map<string, { readonly at: number; readonly value: Promise<unknown> }>();

  function atMostEvery<T>(ms: number, key: string, read: () => Promise<T>): Promise<T> {
    const last = kept.get(key);
    if (last !== undefined && performance.now() - last.at < ms) return last.value as Promise<T>;
    const value = read();
    kept.set(key, { at: performance.now(), value });
    // What failed is read again by the next who asks.
    value.catch(() => kept.delete(key));
    return value;
  }

  return {
    db,
    health: () =>
      atMostEvery(healthMs, 'health', async () => {
        const [asked, begun] = [Date.now(), performance.now()];
        const overview = await readOverview(db);
        const tookMs = performance.now() - begun;
        // Of a slow statement nobody knows when in it the clock was read.
        const clockOffsetMs =
          tookMs > tellingMs ? undefined : asked + tookMs / 2 - overview.now.getTime();
        return { overview, findings: diagnose({ overview, clockOffsetMs }) };
      }),
    history: (hours) =>
      atMostEvery(historyMs, `history ${hours}`, () => readHistory(db, { hours })),
    upcoming: () =>
      atMostEvery(upcomingMs, 'upcoming', () => readUpcoming(db, { limit: mostUpcoming })),
    get statements() {
      return statements;
    },
  };
}
