import { traceIdNow } from '@kasabi/tracing';
import { type Logger, pino, stdSerializers } from 'pino';
import { createLogOutput } from './log-output.ts';

export type { Logger };

export interface LogOptions {
  /** The service's name, on every line. */
  readonly service: string;
  readonly level: string;
}

/** An issued key: its prefix and 256 bits in base64url. */
const issuedKey = /kasabi_[\w-]{43}/g;

/** An error as it is logged. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly errors?: readonly unknown[];
}

/**
 * An error for the log: what it says and where it comes from, with its causes, and of its own properties
 * only those that are named here. Libraries hang what they were doing on their errors: ioredis the
 * command, with the password in it when that was AUTH, Postgres the values of a row.
 */
export function loggableError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error;
  const { type, message, stack } = stdSerializers.err(error);
  const { code, constraint, errors } = error as Error & Partial<LoggedError>;
  const logged: LoggedError = {
    type,
    message,
    stack,
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint }),
    ...(Array.isArray(errors) && { errors: errors.map(loggableError) }),
  };
  return logged;
}

/** What joins a line with the trace it was written in, if there is one; new each time, for pino adds to it. */
function traceOf(): { readonly traceId?: string } {
  const traceId = traceIdNow();
  return traceId === undefined ? {} : { traceId };
}

/**
 * A logger that writes one JSON object a line to standard output. Lines are gathered for a moment: a write
 * for each took 4 % of the time of accepting a job. What is left when the process ends is written then; a
 * SIGKILL loses those of the last moment, and a reader that has gone or does not read those it should have had.
 */
export function createLogger(options: LogOptions): Logger {
  const output = createLogOutput(1, (lines) => {
    const lost = { level: 40, time: Date.now(), name: options.service, lines };
    return `${JSON.stringify({ ...lost, msg: 'log lines were lost: they could not be written' })}\n`;
  });
  process.once('exit', () => output.flushSync());
  return pino(
    {
      name: options.service,
      level: options.level,
      serializers: { err: loggableError },
      mixin: traceOf,
      // Belt and braces: nothing logs headers or parameters, and if something did, no key would show. On the
      // text, for pino's redact copies what it looks through: a tenth of all that accepting a job allocated.
      hooks: { streamWrite: (line) => line.replace(issuedKey, '[redacted]') },
    },
    output,
  );
}
