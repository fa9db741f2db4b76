import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createErrorDetail, type Logger, turnedAwayLog } from '@kasabi/runtime';
import { inThisTrace } from '@kasabi/tracing';
import type { Request, Response } from 'express';
import { redactUrl } from './loggable-url.ts';
import { isProbe } from './probes.ts';

declare module 'node:http' {
  interface IncomingMessage {
    /** The id that the request has in the log, and that its answer carries as X-Request-Id. */
    id: string;
    /** The names in its path that turned out to exist. */
    about?: readonly (string | undefined)[];
  }
  interface ServerResponse {
    /** The error that the request's log line shows. */
    err?: unknown;
    /** What else the request's log line says. */
    facts?: Readonly<Record<string, unknown>>;
  }
}

/** The form of a request id from another service of this system, which connects its log lines with ours. */
const usableId = /^[\w.:-]{8,64}$/;

/** Adds facts to the request's log line: which job it created or cancelled. */
export function logWith(response: Response, facts: Readonly<Record<string, unknown>>): void {
  response.facts = facts;
}

/**
 * Notes that names in a request's path exist, such as a short code. They may be logged; any other name might be a key.
 */
export function isAbout(request: IncomingMessage, ...names: readonly (string | undefined)[]): void {
  request.about = names;
}

export interface RequestLog {
  /** Gives a request an id. */
  identify(request: IncomingMessage): void;
  /** Writes the log line of a request that was answered at once. */
  answered(request: IncomingMessage, response: ServerResponse): void;
  /** Gives a request an id, and writes its log line when its answer or its connection has ended. */
  follow(request: Request, response: Response): void;
}

/**
 * Gives every request an id and one log line. An id from outside is not used: it might be a key in the wrong header.
 * Hand-written because what may stand in the line, such as a short code in the path, is known only at its end, and
 * because lines of refused requests are counted instead of written. A logger for each request, as pino-http creates it,
 * would take no more time on Node.js 24.
 */
export function createRequestLog(log: Logger): RequestLog {
  const write = createWriter(log);

  function identify(request: IncomingMessage): void {
    const offered = request.fromService ? request.headers['x-request-id'] : undefined;
    request.id = typeof offered === 'string' && usableId.test(offered) ? offered : randomUUID();
  }

  return {
    identify,
    answered: (request, response) => write(request, response, 0, true),
    follow(request, response) {
      identify(request);
      response.setHeader('X-Request-Id', request.id);
      if (isProbe(request)) return;
      const began = performance.now();
      const onClose = (): void =>
        write(request, response, performance.now() - began, response.writableFinished);
      response.on('close', inThisTrace(onClose));
    },
  };
}

type Write = (
  request: IncomingMessage & { readonly originalUrl?: string },
  response: ServerResponse,
  tookMs: number,
  isAnswered: boolean,
) => void;

function createWriter(log: Logger): Write {
  const turnedAway = turnedAwayLog(log);
  const isNews = createErrorDetail();

  const write: Write = (request, response, tookMs, isAnswered) => {
    const { err, facts } = response;
    const line = {
      req: {
        id: request.id,
        method: request.method,
        url: redactUrl(request.originalUrl ?? request.url ?? '', request.about),
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
