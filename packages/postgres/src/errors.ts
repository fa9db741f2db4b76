import pg from 'pg';

/** The SQLSTATEs this project speaks of by name (PostgreSQL manual, appendix A). */
export const sqlState = {
  readOnly: '25006',
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlock: '40P01',
  lockNotAvailable: '55P03',
} as const;

const transientStates: ReadonlySet<string> = new Set([
  sqlState.serializationFailure,
  sqlState.deadlock,
  sqlState.lockNotAvailable,
  '25P03', // idle_in_transaction_session_timeout
  '53300', // too_many_connections
  '57014', // query_canceled: a statement_timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: starting up or shutting down
  '57P05', // idle_session_timeout
]);

const transientSystemCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
]);

// node-postgres reports a lost or late connection as a plain Error without a code.
const transientMessages =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Query read timeout/;

/** True when `error` is Postgres's, with this SQLSTATE. */
export function hasSqlState(error: unknown, state: string): boolean {
  return error instanceof pg.DatabaseError && error.code === state;
}

/**
 * True when the same statement may well succeed later: the connection was lost or refused, the server
 * is starting or stopping, or the transaction lost a race. SQLSTATE class 08 is connection trouble.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    return (
      error.code !== undefined && (error.code.startsWith('08') || transientStates.has(error.code))
    );
  }
  if (error instanceof AggregateError) return error.errors.some(isTransient);
  if (!(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code;
  return (
    (code !== undefined && transientSystemCodes.has(code)) || transientMessages.test(error.message)
  );
}

/** True when Postgres itself refused the statement for what it says, so that nothing was committed. */
export function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !isTransient(error);
}
