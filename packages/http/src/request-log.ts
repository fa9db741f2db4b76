import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createErrorDetail, type Logger, turnedAwayLog } from '@kasabi/runtime';
import { inThisTrace } from '@kasabi/tracing';
import type { Request, RequestHandler, Response } from 'express';
import { redactUrl } from './loggable-url.ts';
import { isProbe } from './probes.ts';

declare module 'node:http' {
  interface IncomingMessage {
    /** The id that the request has in the log, and that its answer carries as X-Request-Id. */
    id: string;
    /** Names that it holds and that turned out to be those of something. */
    about?: readonly (string | undefined)[];
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
 * Notes names in a request's path that are those of something there is, such as a short code: they may
 * stand in the log, where any other might be a key.
 */
export function isAbout(request: IncomingMessage, ...names: readonly (string | undefined)[]): void {
  request.about = names;
}

export interface RequestLog {
  /** Gives a request an id. */
  identify(request: Request): void;
  /** Writes the line of a request that was answered at once. */
  answered(request: Request, response: Response): void;
  /** Identifies a request, and writes its line when its answer or its connection has ended. */
  readonly middleware: RequestHandler;
}

/**
 * Gives every request an id and one log line. An id that comes from elsewhere is not taken: there is no telling
 * it from a key in the wrong header. Hand-written because pino-http makes a logger for each request, which takes
 * 3 to 6 % of the time of accepting a job.
 */
export function createRequestLog(log: Logger): RequestLog {
  const write = createWriter(log);

  function identify(request: Request): void {
    const offered = request.fromService ? request.headers['x-request-id'] : undefined;
    request.id = typeof offered === 'string' && usableId.test(offered) ? offered : randomUUID();
  }

  return {
    identify,
    answered: (request, response) => write(request, response, 0, true),
    middleware(request, response, next) {
      identify(request);
      response.setHeader('X-Request-Id', request.id);
      if (!isProbe(request)) {
        const began = performance.now();
        const onClose = (): void =>
          write(request, response, performance.now() - began, response.writableFinished);
        response.once('close', inThisTrace(onClose));
      }
      next();
    },
  };
}

type Write = (request: Request, response: Response, tookMs: number, isAnswered: boolean) => void;

function createWriter(log: Logger): Write {
  const turnedAway = turnedAwayLog(log);
  const isNews = createErrorDetail();

  const write: Write = (request, response, tookMs, isAnswered) => {
    const { err, facts } = response;
    const line = {
      req: {
        id: request.id,
        method: request.method,
        url: redactUrl(request.originalUrl, request.about),
        from: request.address,
      },
      res: { status: response.statusCode },
      responseTime: Math.round(tookMs),
      ...facts,
      ...(err !== undefined && { err: isNews(err) ? err : (err as Error).name }),
    };
    log[response.statusCode >= 500 ? 'error' : 'info'](
      line,
      isAnswered ? 'request completed' : 'client gone before the answer',
    );
  };

  return (request, response, tookMs, isAnswered) => {
    const status = isAnswered ? response.statusCode : 499;
    if (status < 400) write(request, response, tookMs, isAnswered);
    else turnedAway.note(String(status), () => write(request, response, tookMs, isAnswered));
  };
}
