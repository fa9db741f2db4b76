import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { temporaryExports } from '@kasabi/local';
import { createPool, type Role, roleUrl } from '@kasabi/postgres';
import pg from 'pg';
import { testEnvironment } from './env.ts';
import { WaitTimedOut, waitFor } from './wait-for.ts';

/** Migrated, without data, and closed to connections, so that copies of it can be made at any time. */
export const templateDatabase = 'kasabi_template';

/** A connection that nobody closed. */
export class ConnectionLeaked extends Error {
  readonly code = 'connection-leaked';
}

/** A database of its own for one test or one file of tests. */
export interface TestDatabase {
  readonly name: string;
  /** The superuser's URL; `roleUrl` makes a service's URL of it. */
  readonly url: string;
  /** A pool that `close` ends: the superuser's, or a role's. One per role, however often asked for. */
  pool(role?: Role): pg.Pool;
  /**
   * Ends the pools and drops the database.
   *
   * @throws ConnectionLeaked when a connection other than the pools' is left 2 s later.
   */
  close(): Promise<void>;
}

/** Makes a migrated database, beside those of all other tests. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await waitFor(
    () =>
      withAdmin(async (admin) => {
        try {
          await admin.query(`CREATE DATABASE ${name} TEMPLATE ${templateDatabase}`);
          return true;
        } catch (error) {
          // 55006: the template is in use for a moment.
          if (error instanceof pg.DatabaseError && error.code === '55006') return false;
          throw error;
        }
      }),
    { what: 'a copy of the template database', timeoutMs: 20_000 },
  );
  const location = new URL(testEnvironment().TEST_DATABASE_URL);
  location.pathname = `/${name}`;
  const url = location.href;
  const pools = new Map<Role | undefined, pg.Pool>();
  return {
    name,
    url,
    pool(role) {
      const existing = pools.get(role);
      if (existing !== undefined) return existing;
      const pool = createPool({
        url: role === undefined ? url : roleUrl(url, role),
        applicationName: `test-${role ?? 'superuser'}`,
        max: 20,
        // As the worker has it.
        pipeline: role === 'worker',
        onIdleError: () => {},
      });
      pools.set(role, pool);
      return pool;
    },
    async close() {
      const borrowed = [...pools.values()].filter((pool) => pool.totalCount > pool.idleCount);
      await Promise.all([...pools.values()].map((pool) => endPool(pool)));
      await rm(temporaryExports(url), { recursive: true, force: true });
      const left = await withAdmin((admin) => leftConnections(admin, name));
      await withAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
      if (borrowed.length > 0) {
        left.push(`${borrowed.length} pool(s) with a client that was not released`);
      }
      if (left.length > 0) {
        throw new ConnectionLeaked(`Connections to ${name} were left open: ${left.join('; ')}`);
      }
    },
  };
}

/** `pool.end()` waits for clients that are out for ever; a leak must not turn into a hang. */
async function endPool(pool: pg.Pool): Promise<void> {
  const timer = AbortSignal.timeout(2_000);
  await Promise.race([
    pool.end(),
    new Promise((resolve) => timer.addEventListener('abort', resolve, { once: true })),
  ]);
}

/** Describes the client connections to a database that do not go away within 2 s. */
export async function leftConnections(admin: pg.Client, database?: string): Promise<string[]> {
  const look = async (): Promise<string[]> => {
    const { rows } = await admin.query<{ description: string }>(
      `SELECT format('%s (pid %s, %s, last statement: %s)', nullif(application_name, ''), pid,
                     state, left(query, 80)) AS description
       FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
         AND ($1::text IS NULL OR datname = $1)`,
      [database ?? null],
    );
    return rows.map((row) => row.description);
  };
  try {
    await waitFor(async () => (await look()).length === 0, {
      what: 'connections to close',
      timeoutMs: 2_000,
    });
    return [];
  } catch (error) {
    if (!(error instanceof WaitTimedOut)) throw error;
    return look();
  }
}

async function withAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({
    connectionString: testEnvironment().TEST_DATABASE_URL,
    application_name: 'test-admin',
  });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
