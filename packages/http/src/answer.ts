import type { ServerResponse } from 'node:http';

export const plainText = 'text/plain; charset=utf-8';
export const json = 'application/json; charset=utf-8';

/**
 * Sends a complete answer, whose status and other headers have been set. Express's `send` also looks up types and
 * compares tags, which the two hot paths do not need.
 */
export function sendWhole(response: ServerResponse, contentType: string, body: string): void {
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}
