import type { ServerResponse } from 'node:http';

export const plainText = 'text/plain; charset=utf-8';
export const json = 'application/json; charset=utf-8';

/**
 * Sends a whole answer, of which the status and other headers are set. Express's `send` looks up types and
 * compares tags, for which the two hot paths have no use.
 */
export function sendWhole(response: ServerResponse, contentType: string, body: string): void {
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}
