import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { inThisTrace } from '@kasabi/tracing';
import type { Request, RequestHandler, Response } from 'express';
import { createAddressReader, type TrustOptions } from './client-address.ts';
import { type Logger, redactUrl } from './log.ts';

declare module 'node:http' {
  interface IncomingMessage {
    /** The id that the request has in the log, and that its answer carries as X-Request-Id. */
    id: string;
  }
  interface ServerResponse {
    /** What the error handler noted for the request's line. */
    err?: unknown;
    /** What else the request's line says. */
    facts?: Readonly<Record<string, unknown>>;
  }
}

/** What another service of this system gives as a request's id, so that its log lines and ours can be joined. */
const usableId = /^[\w.:-]{8,64}$/;

/** Has the request's log line say more: which job it made or cancelled. */
export function logWith(response: Response, facts: Readonly<Record<string, unknown>>): void {
  response.facts = facts;
}

/**
 * Gives every request an id, its client's address and one log line. An id that comes from elsewhere is not
 * taken: there is no telling it from a key in the wrong header. By hand: pino-http makes a logger for each request, 3 to
 * 6 % of the time of accepting a job.
 */
export function requestLog(log: Logger, trust: TrustOptions): RequestHandler {
  const noteAddress = createAddressReader(trust);
  return (request, response, next) => {
    noteAddress(request);
    const offered = request.fromService ? request.headers['x-request-id'] : undefined;
    request.id = typeof offered === 'string' && usableId.test(offered) ? offered : randomUUID();
    response.setHeader('X-Request-Id', request.id);
    if (!isProbe(request)) {
      const began = performance.now();
      const onClose = (): void => write(log, request, response, performance.now() - began);
      response.once('close', inThisTrace(onClose));
    }
    next();
  };
}

function write(log: Logger, request: Request, response: Response, tookMs: number): void {
  const line = {
    req: {
      id: request.id,
      method: request.method,
      url: redactUrl(request.originalUrl),
      from: request.address,
    },
    res: { status: response.statusCode },
    responseTime: Math.round(tookMs),
    ...response.facts,
    ...(response.err !== undefined && { err: response.err }),
  };
  log[response.statusCode >= 500 ? 'error' : 'info'](
    line,
    response.writableFinished ? 'request completed' : 'client gone before the answer',
  );
}

const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

// Orchestrators and Prometheus ask every few seconds; a line for each would bury the others.
export function isProbe(request: IncomingMessage): boolean {
  return probes.has(request.url ?? '');
}
