import type { IncomingMessage } from 'node:http';

/** Aborts when the connection of a request closes. */
export function goneSignal(request: IncomingMessage): AbortSignal {
  const gone = new AbortController();
  if (request.socket.destroyed) gone.abort();
  else request.socket.once('close', () => gone.abort());
  return gone.signal;
}
