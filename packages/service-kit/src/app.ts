import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { MethodNotAllowed, NotFound } from '@kasabi/protocol';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { pinoHttp } from 'pino-http';
import { toApiError } from './http-errors.ts';
import { type Logger, redactUrl } from './log.ts';
import { sendError } from './negotiation.ts';

export interface AppOptions {
  readonly log: Logger;
  /** The service's dependencies, each a check that resolves to whether it answers now. */
  readonly checks: Readonly<Record<string, () => Promise<boolean>>>;
  /** Adds the service's own routes. */
  readonly routes: (app: Express) => void;
  /** Which errors mean that a dependency does not answer for the moment: 503 instead of 500. */
  readonly isUnavailable: (error: unknown) => boolean;
}

/** A request id from a proxy is kept if it is one, so that its log lines and ours can be joined. */
const usableId = /^[\w.:-]{8,64}$/;

const requestLog = (log: Logger): RequestHandler =>
  pinoHttp({
    logger: log,
    genReqId: (request, response) => {
      const offered = request.headers['x-request-id'];
      const id = typeof offered === 'string' && usableId.test(offered) ? offered : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    autoLogging: { ignore: (request) => isProbe(request) },
    customLogLevel: (_request, response, error) =>
      error !== undefined || response.statusCode >= 500 ? 'error' : 'info',
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

// Orchestrators ask every few seconds; a line for each would bury the others.
function isProbe(request: IncomingMessage): boolean {
  return request.url === '/healthz' || request.url === '/readyz';
}

/** The Express app all services share: request log, security headers, health, errors. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Parameters are read by the protocol package, which tells duplicates and bad encodings.
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  app.use(requestLog(options.log));
  app.use(helmet());

  app
    .route('/healthz')
    .get((_request, response) => {
      response.type('text/plain').send('alive\n');
    })
    .all(methodNotAllowed('GET', 'HEAD'));
  app
    .route('/readyz')
    .get(async (_request, response) => {
      const answers = await Promise.all(
        Object.entries(options.checks).map(async ([name, check]) => [name, await check()] as const),
      );
      const silent = answers.filter(([, answered]) => !answered).map(([name]) => name);
      response
        .status(silent.length === 0 ? 200 : 503)
        .set('Cache-Control', 'no-store')
        .type('text/plain')
        .send(silent.length === 0 ? 'ready\n' : `no answer from ${silent.join(', ')}\n`);
    })
    .all(methodNotAllowed('GET', 'HEAD'));

  options.routes(app);

  app.use((request) => {
    throw new NotFound(
      `There is nothing at ${/^[\w/.~-]{1,100}$/.test(request.path) ? request.path : 'this address'}.`,
    );
  });
  const onError: ErrorRequestHandler = (error, request, response, _next) => {
    const apiError = toApiError(error, String(request.id), options.isUnavailable);
    if (apiError.status >= 500) request.log.error({ err: error }, 'request failed');
    if (response.headersSent) {
      // Too late for an answer: a broken connection is at least no half answer taken for a whole one.
      response.destroy();
      return;
    }
    sendError(request, response, apiError);
  };
  app.use(onError);
  return app;
}

/** Answers OPTIONS with what is allowed, and every other method with 405. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  const possible = [...allowed, 'OPTIONS'];
  return (request, response) => {
    if (request.method !== 'OPTIONS') throw new MethodNotAllowed(request.method, possible);
    response.status(204).set('Allow', possible.join(', ')).end();
  };
}
