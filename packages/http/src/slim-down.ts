import type { Request, Response } from 'express';

/**
 * Frees what a request does not need while its answer is held, and what is made again when it is asked for: with
 * `addRoutes`, 3.5 of the 17 KB of JavaScript's memory that a held request takes.
 */
export function slimDown(request: Request, response: Response): void {
  // Express's way back through the app, and what it makes for each request.
  Object.assign(request, { next: undefined, params: undefined });
  Object.assign(response, { locals: undefined });
  // Node.js makes these again from the raw headers, and `readParameters` from the request.
  const again = { headers: undefined, headersDistinct: undefined, parametersRead: undefined };
  Object.assign(request, again);
}
