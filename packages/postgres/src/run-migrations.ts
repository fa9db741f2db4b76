import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type MigrationBuilder, runner } from 'node-pg-migrate';
import type pg from 'pg';
import { hasSqlState, sqlState } from './errors.ts';
import { readNames } from './migrations.ts';

/** Other sessions kept the tables in use that a migration has to lock. Migrations before that one have been run. */
export class SchemaInUse extends Error {
  readonly code = 'schema-in-use';
}

export interface RunMigrationsOptions {
  /** Where the migrations are, one SQL file each. */
  readonly folder: string;
  /** Called with one line per step. */
  readonly log?: ((line: string) => void) | undefined;
  /** Called with a sentence whenever it has to try again. */
  readonly warn: (sentence: string) => void;
  /** How long a migration may wait for a lock, in milliseconds; 2,000 unless set. */
  readonly lockTimeoutMs?: number;
  /** How often it is tried; 10 times unless set. */
  readonly tries?: number;
}

/** The pause before the next try, in milliseconds, and as much again by chance. */
const pauseMs = 1_000;

/**
 * Runs the migrations that the database lacks, and returns their names. Each is a transaction, unless it is marked
 * as being without one. While a migration waits for a table, everybody else who comes waits behind it. So it gives
 * up after `lockTimeoutMs`, lets them pass, and tries again. The session must be nobody else's.
 *
 * @throws SchemaInUse when the last try gets no lock either.
 */
export async function runMigrations(
  client: pg.Client,
  { folder, log, warn, lockTimeoutMs = 2_000, tries = 10 }: RunMigrationsOptions,
): Promise<string[]> {
  const before = new Set(await readNames(client));
  const waitFor = (ms: number): string => `SET lock_timeout = ${ms}`;
  for (let left = tries - 1; ; left -= 1) {
    try {
      await client.query(waitFor(lockTimeoutMs));
      await runner({
        dbClient: client,
        dir: folder,
        direction: 'up',
        migrationsSchema: 'kasabi',
        migrationsTable: 'migration',
        advisoryLockMode: 'wait',
        migrationLoaderStrategies: [
          {
            extensions: ['.sql'],
            loader: (files) => load(files, waitFor(0), waitFor(lockTimeoutMs)),
          },
        ],
        log: (line) => log?.(line),
      });
      await client.query('RESET lock_timeout');
      return (await readNames(client)).filter((name) => !before.has(name));
    } catch (error) {
      await client.query('ROLLBACK');
      if (!hasSqlState(error, sqlState.lockNotAvailable)) throw error;
      const inUse = `Other sessions have used a table of the schema for ${lockTimeoutMs} ms, so a migration could not lock it`;
      if (left === 0) {
        throw new SchemaInUse(
          `${inUse}. That was try ${tries}, the last. End their transactions (pg_stat_activity has them), or migrate when there is less to do.`,
          { cause: error },
        );
      }
      warn(`${inUse}. It is tried again.`);
      await delay(pauseMs * (1 + Math.random()));
    }
  }
}

/** What a migration says, on a line of its own, whose statements cannot run in a transaction. */
const alone = /^-- Without a transaction\b.*$/m;

/**
 * Reads migrations. The statements of one without a transaction are sent one by one: they build and drop indexes
 * CONCURRENTLY, which waits for transactions, but keeps nobody else waiting.
 */
async function load(files: readonly string[], unlimited: string, limited: string) {
  return await Promise.all(
    files.map(async (file) => {
      const [up = '', down] = (await readFile(file, 'utf8')).split(/^-- Down Migration$/m);
      const run = (part: string) => (builder: MigrationBuilder) => {
        if (!alone.test(part)) return void builder.sql(part);
        builder.noTransaction();
        const statements = part.replaceAll(/--.*$/gm, '').split(';');
        const some = statements.map((it) => it.trim()).filter((it) => it !== '');
        for (const statement of [unlimited, ...some, limited]) builder.sql(statement);
      };
      return {
        id: file,
        filePaths: [file],
        actions: { up: run(up), down: down === undefined ? (false as const) : run(down) },
      };
    }),
  );
}
