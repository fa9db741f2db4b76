import { type ApiError, errorCatalog, problemType } from '@kasabi/protocol';
import type { Request, Response } from 'express';
import { plainText } from './answer.ts';

// The comparison takes a type with its charset for another type, and some clients send it.
const plainTypes = ['text/plain', 'text/plain;charset=utf-8'];
const jsonTypes = [
  'application/problem+json',
  'application/json',
  'application/json;charset=utf-8',
];

const problemJson = 'application/problem+json; charset=utf-8';

/** Whether the client would rather have JSON than plain text. Without a preference it would not. */
export function prefersJson(request: Request): boolean {
  const accept = request.headers.accept;
  if (accept === undefined || accept === '*/*') return false;
  // Comparing thousands of media types takes tens of milliseconds, and nobody has so many.
  if (accept.length > 1_000) return false;
  const best = request.accepts([...plainTypes, ...jsonTypes]);
  return best !== false && jsonTypes.includes(best);
}

/** An answer in full, but for its status. */
interface ErrorAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What an error is answered with: a sentence in plain text or, if the client prefers JSON, a problem document
 * (RFC 9457) whose `type` is stable.
 */
export function errorAnswer(request: Request, error: ApiError): ErrorAnswer {
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
export function sendError(request: Request, response: Response, error: ApiError): void {
  const { headers, body } = errorAnswer(request, error);
  response.status(error.status).vary('Accept');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

const problemOf = (request: Request, error: ApiError) => ({
  type: problemType(error.code),
  title: errorCatalog[error.code].title,
  status: error.status,
  detail: error.message,
  instance: `urn:kasabi:request:${request.id}`,
});
