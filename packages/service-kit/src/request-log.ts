import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { pinoHttp } from 'pino-http';
import { type Logger, redactUrl } from './log.ts';

/** A request id from a proxy is kept if it is one, so that its log lines and ours can be joined. */
const usableId = /^[\w.:-]{8,64}$/;

/** The id that a request has in the log, and that its answer carries as X-Request-Id. */
export const requestIdOf = (request: Request): string => String(request.id);

/** Gives every request an id and one log line, which carries what the error handler noted as `err`. */
export const requestLog = (log: Logger): RequestHandler =>
  pinoHttp({
    logger: log,
    genReqId: (request, response) => {
      const offered = request.headers['x-request-id'];
      const id = typeof offered === 'string' && usableId.test(offered) ? offered : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    autoLogging: { ignore: isProbe },
    customLogLevel: (_request, response) => (response.statusCode >= 500 ? 'error' : 'info'),
    customSuccessMessage: outcome,
    customErrorMessage: outcome,
    wrapSerializers: false,
    serializers: {
      req: (request: IncomingMessage & { originalUrl?: string }) => ({
        id: request.id,
        method: request.method,
        url: redactUrl(request.originalUrl ?? request.url ?? ''),
        from: request.socket.remoteAddress,
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
    },
  });

function outcome(_request: IncomingMessage, response: ServerResponse): string {
  return response.writableFinished ? 'request completed' : 'client gone before the answer';
}

const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

// Orchestrators and Prometheus ask every few seconds; a line for each would bury the others.
export function isProbe(request: IncomingMessage): boolean {
  return probes.has(request.url ?? '');
}
