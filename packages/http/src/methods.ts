import { MethodNotAllowed } from '@kasabi/protocol';
import type { RequestHandler } from 'express';

/** Answers OPTIONS with the allowed methods, and every other method with 405. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  const possible = [...allowed, 'OPTIONS'];
  return (request, response) => {
    if (request.method !== 'OPTIONS') throw new MethodNotAllowed(request.method, possible);
    response.status(204).set('Allow', possible.join(', ')).end();
  };
}
