import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { connectSession, sessionConfig } from './client.ts';
import { migrationsFolder } from './migrations.ts';
import { giveReplicaIdentity } from './replica-identity.ts';
import { prepareRoles, type RolePasswords, roleName } from './roles.ts';
import { runMigrations } from './run-migrations.ts';

export interface MigrateOptions {
  /** A login that is a superuser or has CREATEROLE and may create schemas in the database. */
  readonly databaseUrl: string;
  /** Gives these roles a login of their own. */
  readonly passwords?: RolePasswords;
  /** Called with one line per step. */
  readonly log?: (line: string) => void;
  /** Called with a sentence for each thing that could not be done, saying who can do it. */
  readonly warn?: (sentence: string) => void;
}

/** Names the advisory lock that a migration holds as long as its session lasts. */
const migrateLock = 'kasabi roles';

/** How often who waits for the lock asks for it, in milliseconds. */
const askAgainMs = 250;

/**
 * Migrates the database to the newest schema and returns the names of the migrations it ran. It can be run again,
 * or twice at once: then the second waits for the first.
 *
 * @throws SchemaInUse when other sessions keep tables in use that a migration has to lock.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const client = await connectSession({
    ...sessionConfig(options.databaseUrl, 'primary'),
    application_name: 'kasabi-migrate',
    needsSession: true,
  });
  try {
    const warn = options.warn ?? (() => undefined);
    // Two at once would update the same rows of Postgres's catalog, which refuses that (XX000). Held to the end.
    await takeAlone(client);
    await prepareRoles(client, options.passwords ?? {}, warn);
    // From here on everything created belongs to the owner of the schema, whichever login connected.
    await client.query(`SET ROLE ${roleName('owner')}`);
    const ran = await runMigrations(client, { folder: migrationsFolder, log: options.log, warn });
    const kept = await giveReplicaIdentity(client);
    if (kept.length > 0) {
      warn(
        `${kept.length} of the datasets' tables were in use, so they have no replica identity yet: ${kept.slice(0, 5).join(', ')}${kept.length > 5 ? ', …' : ''}. Migrate again before you publish them.`,
      );
    }
    return ran;
  } finally {
    await client.end();
  }
}

/**
 * Waits by asking again. A statement that waited inside Postgres would keep a snapshot all the time; building an index
 * CONCURRENTLY waits for older snapshots, so that the two would wait for each other.
 */
async function takeAlone(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock(hashtext($1)) AS taken',
      [migrateLock],
    );
    if (rows[0]?.taken) return;
    await delay(askAgainMs);
  }
}
