import type pg from 'pg';
import { withOptions } from './connection-url.ts';
import { hasSqlState } from './errors.ts';
import { roleSettings } from './session.ts';

/** The database roles. `owner` owns the schema and every dataset's table; the others are the services'. */
export type Role = 'owner' | 'api' | 'worker' | 'status' | 'operations';

/** The roles of the services. */
export const serviceRoles = ['api', 'worker', 'status', 'operations'] as const;

const roles: readonly Role[] = ['owner', ...serviceRoles];

/** Passwords for the roles that log in by themselves; a role without one stays NOLOGIN. */
export type RolePasswords = Partial<Record<Role, string | undefined>>;

/** The name a role has in Postgres: `kasabi_api` for `api`. */
export function roleName(role: Role): string {
  return `kasabi_${role}`;
}

/**
 * The same login as `databaseUrl`, assuming `role` from its first statement on. It serves where one
 * login stands for all (the local stack, the tests, the operator's command line); a deployment gives
 * each service a login of its own instead.
 */
export function roleUrl(databaseUrl: string, role: Role): string {
  return withOptions(databaseUrl, (options) => `${options} -c role=${roleName(role)}`);
}

/**
 * Makes the roles and the two schemas if they are missing, lets the connected login assume each role,
 * and gives a login to each role that has a password. Roles belong to the whole Postgres cluster, so
 * databases beside each other share them. `warn` is told what the login may not do.
 */
export async function prepareRoles(
  client: pg.ClientBase,
  passwords: RolePasswords,
  warn: (sentence: string) => void,
): Promise<void> {
  for (const role of roles) {
    const name = roleName(role);
    // Two databases of one cluster may be migrated at once; the second finds the role already made.
    await client.query(`DO $$ BEGIN
      CREATE ROLE ${name} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`);
    await client.query(`DO $$ BEGIN
      IF NOT pg_has_role(current_user, '${name}', 'SET') THEN
        EXECUTE format('GRANT ${name} TO %I WITH SET TRUE', current_user);
      END IF;
    END $$`);
    const password = passwords[role];
    if (password !== undefined) {
      await client.query(`ALTER ROLE ${name} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
    }
  }
  await giveSettings(client, warn);
  await letWorkerOvertakeAutovacuum(client);
  await letOwnerSeeTransactions(client);
  await denyTemporaryObjects(client, warn);
  // Of two migrations at once, both may find a schema missing: IF NOT EXISTS looks, and makes it afterwards.
  for (const schema of ['kasabi', 'store']) {
    await client.query(`DO $$ BEGIN
      CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION kasabi_owner;
    EXCEPTION WHEN unique_violation THEN NULL; END $$`);
  }
  await client.query(`
    GRANT USAGE ON SCHEMA kasabi TO kasabi_api, kasabi_worker, kasabi_status, kasabi_operations;
    GRANT USAGE ON SCHEMA store TO kasabi_worker;`);
}

/**
 * Gives the services' roles the settings that their sessions rely on. Without a pooler each session sends its own, which
 * count more. Time limits that operators have set on a role stay.
 */
async function giveSettings(
  client: pg.ClientBase,
  warn: (sentence: string) => void,
): Promise<void> {
  const refused: string[] = [];
  for (const role of serviceRoles) {
    const { rows } = await client.query<{ set: string[] }>(
      `SELECT coalesce((SELECT setconfig FROM pg_db_role_setting
                        WHERE setrole = $1::regrole AND setdatabase = 0), '{}') AS set`,
      [roleName(role)],
    );
    const has = new Map(rows[0]?.set.map((it) => it.split(/=(.*)/s, 2) as [string, string]));
    const missing = roleSettings(role).filter(({ name, value, isOurs }) =>
      isOurs ? has.get(name) !== value : !has.has(name),
    );
    if (missing.length === 0) continue;
    const statements = missing.map(
      ({ name, value }) =>
        `ALTER ROLE ${roleName(role)} SET ${name} = ${name === 'search_path' ? value : client.escapeLiteral(value)};`,
    );
    try {
      // Another database's migration may be doing the same.
      await client.query(`DO $$ BEGIN ${statements.join(' ')}
        EXCEPTION WHEN internal_error OR unique_violation THEN NULL; END $$`);
    } catch (error) {
      if (!hasSqlState(error, '42501')) throw error;
      refused.push(roleName(role));
    }
  }
  if (refused.length === 0) return;
  warn(
    `This login may not set parameters of ${refused.join(', ')}. Behind a pooler the services need them: migrate once as a superuser.`,
  );
}

/**
 * Lets the worker set how long it waits before Postgres cancels an autovacuum that blocks it. Only superusers
 * may allow that; with any other login, a reset that meets an autovacuum deletes row by row.
 */
async function letWorkerOvertakeAutovacuum(client: pg.ClientBase): Promise<void> {
  // Another database's migration may be doing the same.
  await client.query(`DO $$ BEGIN
    IF NOT has_parameter_privilege('kasabi_worker', 'deadlock_timeout', 'SET') THEN
      GRANT SET ON PARAMETER deadlock_timeout TO kasabi_worker;
    END IF;
  EXCEPTION WHEN insufficient_privilege OR unique_violation OR internal_error THEN NULL; END $$`);
}

/**
 * Lets the function that names a job's blockers see when their transactions began. Superusers may allow that,
 * and logins that may grant pg_read_all_stats; with any other login, jobs' transitions name the blockers without
 * that time.
 */
async function letOwnerSeeTransactions(client: pg.ClientBase): Promise<void> {
  await client.query(`DO $$ BEGIN
    IF NOT pg_has_role('kasabi_owner', 'pg_read_all_stats', 'USAGE') THEN
      GRANT pg_read_all_stats TO kasabi_owner;
    END IF;
  EXCEPTION WHEN insufficient_privilege OR unique_violation OR internal_error THEN NULL; END $$`);
}

/**
 * Revokes PUBLIC's right to create temporary objects in this database: an attacker could use them to hijack a
 * function that runs as its owner. No service creates any. Only the database's owner and superusers may revoke
 * it.
 */
async function denyTemporaryObjects(
  client: pg.ClientBase,
  warn: (sentence: string) => void,
): Promise<void> {
  const allowed = "has_database_privilege('public', current_database(), 'TEMPORARY')";
  // Two migrations may do so at once.
  await client.query(`DO $$ BEGIN
    IF ${allowed} THEN
      EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    END IF;
  EXCEPTION WHEN insufficient_privilege OR internal_error THEN NULL; END $$`);
  const { rows } = await client.query<{ open: boolean; revoke: string }>(
    `SELECT ${allowed} AS open,
            format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()) AS revoke`,
  );
  const [database] = rows;
  if (database?.open !== true) return;
  warn(
    `Every login may create temporary objects in this database, and this login cannot revoke that. Have the database's owner or a superuser run: ${database.revoke}`,
  );
}
