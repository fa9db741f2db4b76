import { type Database, isTransient } from '@kasabi/postgres';
import { Unavailable } from '@kasabi/protocol';
import type pg from 'pg';
import type { Standing } from './standing.ts';

/** Where this service reads: one Postgres, or a standby and, for what has to be fresh, its primary. */
export interface Sources {
  readonly pool: pg.Pool;
  readonly fresh?: { readonly pool: pg.Pool; readonly standing: Standing };
}

/** What was read, and when. */
export interface Fresh<Result> {
  readonly result: Result;
  /**
   * The moment of a read from the primary, by `performance.now()`: a standby that is not as far knows less. 0 for what
   * was read anywhere else.
   */
  readonly knownAt: number;
}

export interface Reads<Result> {
  /** From where this service usually reads. */
  readonly usual: () => Promise<Result>;
  /** From the primary, because the standby is too far behind or does not answer. */
  readonly instead: () => Promise<Result>;
  /** From the primary, because the standby may not have heard of it yet. */
  readonly doubted: () => Promise<Result>;
  /** Whether what a standby says is not to be doubted. */
  readonly isCertain: (result: Result) => boolean;
}

/**
 * Reads from where it is best. From the standby, unless it is too far behind and the primary answers. What a standby
 * does not know, such as a job accepted a moment ago or the key issued for it, is asked of the primary; so is what the
 * standby fails to answer, as when it has to cancel a statement that is in the way of recovery (40001).
 *
 * @throws Unavailable if only the primary could tell, and it is away: a client that was told 202 must not be told 404.
 */
export async function readFresh<Result>(
  { fresh }: Sources,
  reads: Reads<Result>,
): Promise<Fresh<Result>> {
  if (fresh === undefined) return { result: await reads.usual(), knownAt: 0 };
  const { standing } = fresh;
  const fromPrimary = async (read: () => Promise<Result>): Promise<Fresh<Result>> => {
    const knownAt = performance.now();
    return { result: await read(), knownAt };
  };
  if (standing.isBehind && standing.hasPrimary) {
    try {
      return await fromPrimary(reads.instead);
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
  }
  let answer: { readonly result: Result } | undefined;
  let failure: unknown;
  try {
    answer = { result: await reads.usual() };
  } catch (error) {
    if (!isTransient(error)) throw error;
    failure = error;
  }
  if (answer !== undefined && reads.isCertain(answer.result)) return { ...answer, knownAt: 0 };
  if (!standing.hasPrimary) throw failure ?? new Unavailable();
  return await fromPrimary(answer === undefined ? reads.instead : reads.doubted);
}

/** The reads of one statement, for `readFresh`. */
export function eitherOf<Result>(
  { pool, fresh }: Sources,
  read: (db: Database) => Promise<Result>,
): Omit<Reads<Result>, 'isCertain'> {
  const primary = (): Promise<Result> => read(fresh?.pool ?? pool);
  return { usual: () => read(pool), instead: primary, doubted: primary };
}

/**
 * Where to read what was known at a moment, so that nothing older is read; undefined while nobody can tell.
 *
 * @param knownAt as in `Fresh`.
 */
export function sourceFor({ pool, fresh }: Sources, knownAt: number): pg.Pool | undefined {
  if (fresh === undefined) return pool;
  const { standing } = fresh;
  if (standing.isBehind && standing.hasPrimary) return fresh.pool;
  if (knownAt <= standing.asOf) return pool;
  return standing.hasPrimary ? fresh.pool : undefined;
}

/** The moment of a read from there that begins now, as in `Fresh`. */
export const knownAtOf = ({ fresh }: Sources, db: Database): number =>
  db === fresh?.pool ? performance.now() : 0;
