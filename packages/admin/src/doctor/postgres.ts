import { type Overview, readOverview } from '@kasabi/operations';
import { databaseNow, readMigrations } from '@kasabi/postgres';
import type pg from 'pg';
import { type Check, judge } from './check.ts';

/** What the checks of Postgres found, for those that build on it. */
export interface PostgresFacts {
  readonly checks: readonly Check[];
  /** Undefined when Postgres does not answer, or its schema is not this program's. */
  readonly overview?: Overview;
  /** Whether it answered at all. */
  readonly answered: boolean;
  readonly error?: string;
  readonly clockOffsetMs?: number;
}

/** uuidv7() and RETURNING old came with it. */
const oldestPostgres = 180_000;

/** Looks at Postgres, its schema and its clock. */
export async function checkPostgres(pool: pg.Pool): Promise<PostgresFacts> {
  let version: Check;
  try {
    version = await checkVersion(pool);
  } catch (error) {
    return { checks: [], answered: false, error: reasonOf(error) };
  }
  const migrations = await checkMigrations(pool);
  const clockOffsetMs = await readOffset(pool);
  const facts = { checks: [version, migrations], answered: true, clockOffsetMs };
  if (migrations.status === 'fail') return facts;
  return { ...facts, overview: await readOverview(pool) };
}

async function checkVersion(pool: pg.Pool): Promise<Check> {
  const { rows } = await pool.query<{ version: string; number: number }>(
    `SELECT current_setting('server_version') AS version,
            current_setting('server_version_num')::int AS number`,
  );
  const { version, number } = rows[0] as { version: string; number: number };
  const what = `Postgres ${version} answers`;
  if (number >= oldestPostgres) return judge('postgres', what);
  return judge('postgres', `${what}, and is too old`, {
    status: 'fail',
    todo: 'Upgrade it to version 18 or newer.',
  });
}

async function checkMigrations(pool: pg.Pool): Promise<Check> {
  const { pending, unknown } = await readMigrations(pool);
  if (pending.length > 0) {
    return judge('migrations', `The schema lacks ${pending.join(', ')}`, {
      status: 'fail',
      todo: 'npm run admin -- migrate',
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

/** How far this host's clock is ahead of Postgres's, in milliseconds. */
async function readOffset(pool: pg.Pool): Promise<number> {
  const [asked, begun] = [Date.now(), performance.now()];
  const now = await databaseNow(pool);
  return asked + (performance.now() - begun) / 2 - now;
}

/** An error in a few words, without a stack. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
