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

/** In characters. Comparing thousands of media types takes tens of milliseconds, and nobody has so many. */
const longestAccept = 1_000;

const problemJson = 'application/problem+json; charset=utf-8';

/** Whether the client would rather have JSON than plain text. Without a preference it would not. */
export function prefersJson(request: Request): boolean {
  const accept = request.headers.accept;
  if (accept === undefined || accept === '*/*') return false;
  if (accept.length > longestAccept) return false;
  const best = request.accepts([...plainTypes, ...jsonTypes]);
  return best !== false && jsonTypes.includes(best);
}

/**
 * The one of these media types that the client prefers, the first of those it likes equally; undefined when it
 * accepts none of them or does not say.
 */
export function preferredType(request: Request, types: readonly string[]): string | undefined {
  const { accept } = request.headers;
  if (accept === undefined || accept.length > longestAccept) return undefined;
  // Some clients accept "application/json; charset=utf-8", which is another type to the comparison.
  const accepted = request.accepts([...types, ...types.map((type) => `${type};charset=utf-8`)]);
  return accepted === false ? undefined : accepted.split(';')[0];
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
