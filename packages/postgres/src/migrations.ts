import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasSqlState } from './errors.ts';
import type { Database } from './transaction.ts';

/** Where the migrations are, one SQL file each. */
export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

/** How a database's schema compares with this program's. */
export interface MigrationState {
  /** Migrations of this program that the database has not run, in order. */
  readonly pending: readonly string[];
  /** Migrations the database has run and this program does not know: the program is older. */
  readonly unknown: readonly string[];
}

/** Compares the database's migrations with this program's. An empty database has run none. */
export async function readMigrations(db: Database): Promise<MigrationState> {
  return compareMigrations(knownMigrations(), await readNames(db));
}

/**
 * Whether a migration, by its name, removes what the version before it may use. Any other one that a program does not
 * know is of a later version and only adds something, so that the program works beside it.
 */
export const isContract = (name: string): boolean => /^\d+_contract-/.test(name);

let known: readonly string[] | undefined;

/** This program's migrations, in order; read once, because a program's files do not change. */
export function knownMigrations(): readonly string[] {
  known ??= readdirSync(migrationsFolder)
    .map((file) => path.parse(file).name)
    .sort();
  return known;
}

/** Compares the migrations that a database has run with those that a program knows. */
export function compareMigrations(
  known: readonly string[],
  ran: readonly string[],
): MigrationState {
  return {
    pending: known.filter((name) => !ran.includes(name)),
    unknown: ran.filter((name) => !known.includes(name)),
  };
}

/** The names of the migrations that the database has run, in that order; none when there is no schema. */
export async function readNames(db: Database): Promise<string[]> {
  try {
    const { rows } = await db.query<{ name: string }>(
      'SELECT name FROM kasabi.migration ORDER BY id',
    );
    return rows.map((row) => row.name);
  } catch (error) {
    // undefined_table, invalid_schema_name: no migration has ever run.
    if (hasSqlState(error, '42P01') || hasSqlState(error, '3F000')) return [];
    throw error;
  }
}
