import { type ApiError, errorCatalog } from '@kasabi/protocol';
import type { Request, Response } from 'express';
import { plainText, sendWhole } from './answer.ts';

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

/**
 * Answers with an error: a sentence in plain text or, if the client prefers JSON, a problem document
 * (RFC 9457) whose `type` is stable.
 */
export function sendError(request: Request, response: Response, error: ApiError): void {
  response.status(error.status).vary('Accept');
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  response.setHeader('Cache-Control', 'no-store');
  if (!prefersJson(request)) {
    sendWhole(response, plainText, `${error.message}\n`);
    return;
  }
  const problem = {
    type: `urn:kasabi:problem:${error.code}`,
    title: errorCatalog[error.code].title,
    status: error.status,
    detail: error.message,
    instance: `urn:kasabi:request:${request.id}`,
  };
  sendWhole(response, problemJson, JSON.stringify(problem));
}
