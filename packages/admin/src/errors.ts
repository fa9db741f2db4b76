import { DatasetUnknown } from '@kasabi/datasets';
import { type ActionResult, refusalOf } from '@kasabi/operations';
import { describeSick, HostUnsuitable, isTransient, PoolerInTheWay } from '@kasabi/postgres';
import pg from 'pg';

/** No key with that id is valid. */
export class KeyUnknown extends Error {
  readonly code = 'key-unknown';
  constructor(keyId: number) {
    super(`There is no key ${keyId}, or it is already revoked; nothing was changed.`);
  }
}

/** There is no job with that id. */
export class JobUnknown extends Error {
  readonly code = 'job-unknown';
  constructor(jobId: string) {
    super(`There is no job ${jobId}; find it with: npm run admin -- job list`);
  }
}

/** An operator's request is not possible in the present state; the message says why. */
export class ActionRefused extends Error {
  readonly code = 'action-refused';
}

/**
 * Returns the result of an action that was done.
 *
 * @param subject the job's id or the dataset's short code.
 * @throws JobUnknown, DatasetUnknown, or ActionRefused saying why nothing was done.
 */
export function requireDone<Result extends ActionResult>(
  result: Result,
  subject = '',
): Extract<Result, { outcome: 'done' }> {
  if (result.outcome === 'job-unknown') throw new JobUnknown(subject);
  if (result.outcome === 'dataset-unknown') throw new DatasetUnknown(subject);
  const why = refusalOf(result);
  if (why !== undefined) throw new ActionRefused(why);
  return result as Extract<Result, { outcome: 'done' }>;
}

/** The action was not confirmed, so nothing was done. */
export class NotConfirmed extends Error {
  readonly code = 'not-confirmed';
}

// undefined_table, invalid_schema_name, invalid_parameter_value (the role does not exist).
const notMigrated: ReadonlySet<string> = new Set(['42P01', '3F000', '22023']);

/** The message for the operator: named errors explain themselves, others show their origin. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  if (error instanceof NotConfirmed) return error.message;
  if (error.name === 'AbortError') return 'error: interrupted; nothing was changed.';
  if (error instanceof pg.DatabaseError) return describeDatabaseError(error);
  if (error instanceof AggregateError && error.errors.length > 0) {
    return describeError(error.errors[0]);
  }
  if (error instanceof PoolerInTheWay) return `error: ${error.message} [${error.code}]`;
  if (error instanceof HostUnsuitable) {
    return `error: ${error.message}. ${describeSick(error.state).todo} [${error.code}]`;
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'connect' || syscall === 'getaddrinfo') {
    return `error: Postgres cannot be reached (${error.message}); check that it runs and that DATABASE_URL names it. [${code}]`;
  }
  if (isTransient(error)) {
    return `error: the connection to Postgres was lost (${error.message}); check what took effect and try again.`;
  }
  if (typeof code === 'string') return `error: ${error.message} [${code}]`;
  return `error: ${error.stack ?? error.message}`;
}

function describeDatabaseError(error: pg.DatabaseError): string {
  const lines = [`error: Postgres says: ${error.message} [${error.code}]`];
  if (error.detail !== undefined) lines.push(error.detail);
  if (error.hint !== undefined) lines.push(error.hint);
  if (notMigrated.has(error.code ?? '')) {
    lines.push('The database seems not to be set up yet: npm run admin -- migrate');
  }
  return lines.join('\n');
}
