import { parseConnectionUrl, withOptions } from './connection-url.ts';

/**
 * The session settings that our statements rely on, and that `ALTER DATABASE` or `ALTER ROLE … SET` could have
 * changed: how values are written and read, where names are looked up, which statements are ended, and how they
 * are planned. Not `default_transaction_read_only`: a database that was made read-only must not be written, and
 * is reported. Not what operators decide: `role`, tablespaces, memory.
 */
const fixed: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  search_path: 'pg_catalog, pg_temp',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  // A pool that needs one of these sends it by name, which overrides `options`.
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  row_security: 'on',
  plan_cache_mode: 'auto',
  jit: 'off',
  client_min_messages: 'warning',
  check_function_bodies: 'on',
  transform_null_equals: 'off',
};

/** An accepted job is on Postgres's disk. `DATABASE_URL` may ask for more, such as `remote_apply`. */
const unlessAsked: Readonly<Record<string, string>> = { synchronous_commit: 'on' };

/** Splits like the server: at spaces, except those after a backslash. */
const optionsOf = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
    .join(' ');

/**
 * The same connection URL with our session settings in its startup message: that needs no round trip, overrides
 * the settings of the database and the role, and makes `PGOPTIONS` of the environment irrelevant. A pooler takes none:
 * there the sessions have the settings of their role (`roleSettings`).
 */
export function sessionUrl(databaseUrl: string): string {
  if (parseConnectionUrl(databaseUrl).isPooled) return databaseUrl;
  return withOptions(databaseUrl, (own) => `${optionsOf(unlessAsked)} ${own} ${optionsOf(fixed)}`);
}

/** A setting of a role, and whether operators may have decided otherwise. */
export interface RoleSetting {
  readonly name: string;
  readonly value: string;
  readonly isOurs: boolean;
}

/** A session that idles inside a transaction for longer is ended: its locks keep others waiting. */
const idleInTransaction = '15s';

/**
 * The settings that the sessions of a service have by its role, as far as the startup message does not say otherwise:
 * all that our statements rely on, and time limits like those of the settings' defaults. A worker's statements take as
 * long as a dataset is large.
 */
export function roleSettings(role: 'api' | 'worker' | 'status' | 'operations'): RoleSetting[] {
  const limits = {
    idle_in_transaction_session_timeout: idleInTransaction,
    statement_timeout: role === 'worker' ? '0' : '10s',
    ...unlessAsked,
  };
  return [
    ...Object.entries(fixed)
      .filter(([name]) => !(name in limits))
      .map(([name, value]) => ({ name, value, isOurs: true })),
    ...Object.entries(limits).map(([name, value]) => ({ name, value, isOurs: false })),
  ];
}
