import pg from 'pg';
import type { HostAddress } from './connection-url.ts';
import { describeSick, type SickName, sickStates, stateOfCode } from './states.ts';

/** The SQLSTATEs this project refers to by name (PostgreSQL manual, appendix A). */
export const sqlState = {
  readOnly: '25006',
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlock: '40P01',
  lockNotAvailable: '55P03',
  notInPrerequisiteState: '55000',
  invalidColumnReference: '42P10',
} as const;

/** A statement that fails with one of these may succeed later, on the same connection if it still works. */
const passing: ReadonlySet<string> = new Set([
  sqlState.serializationFailure,
  sqlState.deadlock,
  sqlState.lockNotAvailable,
  '40003', // statement_completion_unknown
  '57014', // query_canceled: a statement_timeout
  '25P03', // idle_in_transaction_session_timeout
  '25P04', // transaction_timeout
  '55006', // object_in_use
]);

/** The session lacks a prepared statement, or has it for an older schema; a new session has neither problem. */
const worn: ReadonlySet<string> = new Set([
  '26000', // invalid_sql_statement_name: a prepared statement is gone
  '42P05', // duplicate_prepared_statement
]);

const unreachableCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
  'ENOTFOUND',
]);

// node-postgres reports a lost or late connection as a plain Error without a code.
const unreachableMessages =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Query read timeout|There was an error establishing an SSL connection|The server does not support SSL connections/;

const atConnect = new WeakSet<object>();

/** Records that this error kept a connection from being made: it says nothing about any statement. */
export function noteAtConnect(error: unknown): void {
  if (typeof error === 'object' && error !== null) atConnect.add(error);
}

/** True when it kept a connection from being made; a pool wraps the one that came too late. */
export function isAtConnect(error: Error): boolean {
  return atConnect.has(error) || (error.cause instanceof Error && atConnect.has(error.cause));
}

/** A server answers, and is not what DATABASE_URL or the service wants. */
export class HostUnsuitable extends Error {
  readonly code = 'host-unsuitable';
  readonly state: SickName;
  constructor({ host, port }: HostAddress, state: SickName) {
    super(`Postgres at ${host}:${port} ${describeSick(state).what}`);
    this.state = state;
  }
}

/** True when `error` comes from Postgres with this SQLSTATE. */
export function hasSqlState(error: unknown, state: string): boolean {
  return error instanceof pg.DatabaseError && error.code === state;
}

/**
 * True when the guard of a locked dataset refused a write. The SQLSTATE alone does not tell: any read-only server
 * refuses any write with the same. What tells is where it was raised: in PL/pgSQL, not in the server's own
 * code.
 */
export function isGuardRefusal(error: unknown): error is pg.DatabaseError {
  return hasSqlState(error, sqlState.readOnly) && isRaised(error as pg.DatabaseError);
}

const isRaised = ({ routine }: pg.DatabaseError): boolean => routine === 'exec_stmt_raise';

/** The state of Postgres that this error reveals; undefined when it reveals no known state. */
export function sicknessOf(error: unknown): SickName | undefined {
  if (error instanceof pg.DatabaseError) return sicknessOfServer(error);
  if (error instanceof AggregateError) return first(error.errors, sicknessOf);
  if (error instanceof HostUnsuitable) return error.state;
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  const isConnection =
    (code !== undefined && unreachableCodes.has(code)) ||
    unreachableMessages.test(error.message) ||
    atConnect.has(error);
  return isConnection ? 'unreachable' : undefined;
}

/** PgBouncer's words for settings in a startup message. */
export const isRefusedByPooler = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /unsupported startup parameter/.test(error.message);

function sicknessOfServer(error: pg.DatabaseError): SickName | undefined {
  // A function may raise any code; that is not a state of the server.
  const known = isRaised(error) ? undefined : stateOfCode(error.code ?? '');
  if (!atConnect.has(error)) return known;
  if (isRefusedByPooler(error)) return 'pooler-unfit';
  // Anything else that keeps a connection from being made, such as a missing privilege to connect.
  return known === undefined || known === 'privilege-missing' ? 'login-refused' : known;
}

function first<T>(items: readonly unknown[], find: (item: unknown) => T | undefined) {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** True when a session lacks a prepared statement that it should have, or has another one. */
export const isWorn = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  (worn.has(error.code ?? '') ||
    // "cached plan must not change result type": a migration changed what a prepared statement returns.
    (error.code === '0A000' && error.routine === 'RevalidateCachedQuery'));

/**
 * True when the same statement may succeed later: Postgres is sick (`sicknessOf`), or the transaction lost a
 * race or its session.
 */
export function isTransient(error: unknown): boolean {
  if (sicknessOf(error) !== undefined) return true;
  if (error instanceof AggregateError) return error.errors.some(isTransient);
  return (
    error instanceof pg.DatabaseError &&
    !isRaised(error) &&
    (passing.has(error.code ?? '') || isWorn(error))
  );
}

/**
 * What must not be used again after `error` or one of its causes: the connection that met it, even if it still
 * answers, or all connections of its pool.
 */
export function spoiltBy(error: unknown): 'nothing' | 'connection' | 'pool' {
  let spoilt: 'nothing' | 'connection' = 'nothing';
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const sickness = sicknessOf(cause);
    if (sickness !== undefined && sickStates[sickness].discard === 'pool') return 'pool';
    if (sickness !== undefined) spoilt = 'connection';
    // A migration affects all connections, each at its next use of that statement.
    if (isWorn(cause)) return 'pool';
  }
  return spoilt;
}

/** True when Postgres itself refused the statement for its content, so that nothing was committed. */
export function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !isTransient(error);
}
