import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { hasSqlState } from './errors.ts';
import { migrationsFolder } from './migrate.ts';
import type { Database } from './transaction.ts';

/** How a database's schema stands to this program's. */
export interface MigrationState {
  /** Migrations of this program that the database has not had, in their order. */
  readonly pending: readonly string[];
  /** Those the database has had and this program does not know: it is the older one. */
  readonly unknown: readonly string[];
}

/** Compares the database's migrations with this program's. An empty database has had none. */
export async function readMigrations(db: Database): Promise<MigrationState> {
  const files = await readdir(migrationsFolder);
  const known = files.map((file) => path.parse(file).name).sort();
  const ran = await readNames(db);
  return {
    pending: known.filter((name) => !ran.includes(name)),
    unknown: ran.filter((name) => !known.includes(name)),
  };
}

async function readNames(db: Database): Promise<string[]> {
  try {
    const { rows } = await db.query<{ name: string }>('SELECT name FROM kasabi.migration');
    return rows.map((row) => row.name);
  } catch (error) {
    // undefined_table, invalid_schema_name: there was never a migration.
    if (hasSqlState(error, '42P01') || hasSqlState(error, '3F000')) return [];
    throw error;
  }
}
