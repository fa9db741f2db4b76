import { type Overview, readOverview } from '@kasabi/operations';
import {
  databaseNow,
  describeSick,
  hasSqlState,
  readMigrations,
  type SickState,
  sicknessOf,
  withTransaction,
} from '@kasabi/postgres';
import type pg from 'pg';
import { type Check, judge } from './check.ts';
import { checkLockTable } from './lock-table.ts';

/** What the checks of Postgres found, for the checks that build on it. */
export interface PostgresFacts {
  readonly checks: readonly Check[];
  /** Undefined when Postgres does not answer, or its schema is not this program's. */
  readonly overview?: Overview;
  /** Whether it answered at all. */
  readonly answered: boolean;
  readonly error?: string;
  /** The state it is in, if it is a known one. */
  readonly sick?: SickState | undefined;
  readonly clockOffsetMs?: number;
}

/** The first version with uuidv7() and RETURNING old. */
const oldestPostgres = 180_000;

/** Checks Postgres, its schema and its clock. */
export async function checkPostgres(pool: pg.Pool): Promise<PostgresFacts> {
  let version: Check;
  try {
    version = await checkVersion(pool);
  } catch (error) {
    // The sessions of this program set a parameter that is new in Postgres 17.
    if (hasSqlState(error, '42704'))
      return { checks: [tooOld('Postgres answers')], answered: true };
    return { checks: [], answered: false, error: reasonOf(error), sick: sickOf(error) };
  }
  const migrations = await checkMigrations(pool);
  const clockOffsetMs = await readOffset(pool);
  const sick = await tryWrite(pool);
  const facts = { checks: [version, migrations], answered: true, clockOffsetMs, sick };
  if (migrations.status === 'fail') return facts;
  const checks = [...facts.checks, await checkLockTable(pool)];
  return { ...facts, checks, overview: await readOverview(pool) };
}

/** A table of a few pages, which is rolled back: it needs what any write needs, including free disk space. */
const write =
  'CREATE TABLE kasabi.doctor AS SELECT repeat(n::text, 99) FROM generate_series(1, 999) n';

/** The state that keeps Postgres from accepting a write; undefined when it would accept one. */
async function tryWrite(pool: pg.Pool): Promise<SickState | undefined> {
  try {
    const { rows } = await pool.query<{ recovering: boolean }>(
      'SELECT pg_is_in_recovery() AS recovering',
    );
    if (rows[0]?.recovering) return describeSick('in-recovery');
    await withTransaction(pool, async (client) => {
      await client.query(write);
      throw new RolledBack();
    });
  } catch (error) {
    // A privilege that this login lacks says nothing about the services, which have their own.
    if (error instanceof RolledBack || hasSqlState(error, '42501')) return undefined;
    return sickOf(error);
  }
  return undefined;
}

class RolledBack extends Error {}

function sickOf(error: unknown): SickState | undefined {
  const name = sicknessOf(error);
  return name === undefined || name === 'unreachable' ? undefined : describeSick(name);
}

async function checkVersion(pool: pg.Pool): Promise<Check> {
  const { rows } = await pool.query<{ version: string; number: number }>(
    `SELECT current_setting('server_version') AS version,
            current_setting('server_version_num')::int AS number`,
  );
  const { version, number } = rows[0] as { version: string; number: number };
  const what = `Postgres ${version} answers`;
  if (number >= oldestPostgres) return judge('postgres', what);
  return tooOld(what);
}

function tooOld(what: string): Check {
  const todo = 'Upgrade it to version 18 or newer.';
  return judge('postgres', `${what}, and is too old`, { status: 'fail', todo });
}

async function checkMigrations(pool: pg.Pool): Promise<Check> {
  const { pending, unknown } = await readMigrations(pool);
  if (pending.length > 0) {
    return judge('migrations', `The schema lacks ${pending.join(', ')}`, {
      status: 'fail',
      todo: 'Run npm run admin -- migrate.',
    });
  }
  if (unknown.length > 0) {
    return judge('migrations', `The schema is newer than this program: ${unknown.join(', ')}`, {
      status: 'warn',
      todo: 'Deploy the version of the services that these migrations belong to.',
    });
  }
  return judge('migrations', 'The schema is the newest');
}

/** How often Postgres's clock is read; the quickest reading is the most accurate. */
const readings = 3;

/** How far this host's clock is ahead of Postgres's, in milliseconds. */
async function readOffset(pool: pg.Pool): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let reading = 0; reading < readings; reading += 1) {
    const [asked, begun] = [Date.now(), performance.now()];
    const now = await databaseNow(pool);
    const tookMs = performance.now() - begun;
    if (tookMs < best.tookMs) best = { tookMs, offsetMs: asked + tookMs / 2 - now };
  }
  return best.offsetMs;
}

/** An error in a few words, without a stack. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
