import type { IncomingMessage } from 'node:http';
import { type ApiError, errorCatalog, problemType } from '@kasabi/protocol';
import type { Response } from 'express';
import Negotiator from 'negotiator';
import { plainText } from './answer.ts';

/** In characters. Comparing thousands of media types takes tens of milliseconds, and no real client sends so many. */
const longestAccept = 1_000;

const problemJson = 'application/problem+json; charset=utf-8';

/** Whether the client prefers JSON to plain text; false if it has no preference. */
export function prefersJson(request: IncomingMessage): boolean {
  if (request.headers.accept === '*/*') return false;
  const type = preferredType(request, [
    'text/plain',
    'application/problem+json',
    'application/json',
  ]);
  return type !== undefined && type !== 'text/plain';
}

/**
 * The media type that the client prefers, the first one if it has no preference; undefined if it accepts none of these
 * types or does not say what it accepts.
 */
export function preferredType(
  request: IncomingMessage,
  types: readonly string[],
): string | undefined {
  const { accept } = request.headers;
  if (accept === undefined || accept.length > longestAccept) return undefined;
  // Some clients accept "application/json; charset=utf-8", which is taken for another type.
  const available = [...types, ...types.map((type) => `${type};charset=utf-8`)];
  return new Negotiator(request).mediaType(available)?.split(';')[0];
}

/** An answer without its status. */
interface ErrorAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The answer for an error: a sentence in plain text or, if the client prefers JSON, a problem document (RFC 9457) with a
 * stable `type`.
 */
export function errorAnswer(request: IncomingMessage, error: ApiError): ErrorAnswer {
  const isJson = prefersJson(request);
  const body = isJson ? JSON.stringify(problemOf(request, error)) : `${error.message}\n`;
  const headers = {
    ...error.headers,
    'Cache-Control': 'no-store',
    'Content-Type': isJson ? problemJson : plainText,
    'Content-Length': String(Buffer.byteLength(body)),
  };
  return { headers, body };
}

/** Answers with an error. */
export function sendError(request: IncomingMessage, response: Response, error: ApiError): void {
  const { headers, body } = errorAnswer(request, error);
  response.status(error.status).vary('Accept');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

const problemOf = (request: IncomingMessage, error: ApiError) => ({
  type: problemType(error.code),
  title: errorCatalog[error.code].title,
  status: error.status,
  detail: error.message,
  instance: `urn:kasabi:request:${request.id}`,
});
