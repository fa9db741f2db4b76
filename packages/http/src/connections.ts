import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Knows which connections of an HTTP server wait for an answer, so that it can be closed in order. */
export interface Connections {
  /** Wraps the server's listener. */
  readonly follow: (listener: RequestListener) => RequestListener;
  readonly onConnection: (socket: Socket) => void;
  /**
   * Runs `step` once the requests that arrived in full on this connection are answered. What is written
   * to it earlier would be taken for one of their answers.
   */
  readonly whenAnswered: (socket: Socket, step: () => void) => void;
  /** Closes each connection when it has no request under way: most of them at once. */
  readonly drain: () => void;
}

/** So many requests of one connection are worked on at a time. */
const mostPipelined = 64;

/** How long answers may take that stand before the end of such a connection, in milliseconds. */
const lingerMs = 2_000;

/** Follows the connections of one server. */
export function createConnections(): Connections {
  const open = new Map<Socket, Set<ServerResponse>>();
  /** Those with more requests than that: no further one is taken. */
  const overfull = new WeakSet<Socket>();
  let draining = false;

  return {
    follow: (listener) => (request, response) => {
      // One of a pipeline, behind an answer that closes the connection: its client is to ask again.
      if (draining || overfull.has(request.socket)) return;
      const underWay = open.get(request.socket);
      if (underWay !== undefined && underWay.size >= mostPipelined) {
        overfull.add(request.socket);
        // What has arrived is forgotten, and nothing more is read, so that it is not seen when the client
        // goes: what is not answered soon, such as what is held, is cut off.
        request.socket.pause();
        setTimeout(() => request.socket.destroy(), lingerMs).unref();
        refusePipelined(response);
        return;
      }
      underWay?.add(response);
      response.once('close', () => {
        underWay?.delete(response);
        if (draining && underWay?.size === 0) request.socket.destroySoon();
      });
      listener(request, response);
    },
    onConnection(socket) {
      open.set(socket, new Set());
      // Each request that is held listens.
      socket.setMaxListeners(0);
      socket.once('close', () => open.delete(socket));
    },
    whenAnswered(socket, step) {
      const arrived = [...(open.get(socket) ?? [])].filter((response) => response.req.complete);
      let left = arrived.length;
      if (left === 0) step();
      for (const response of arrived) {
        response.once('close', () => {
          left -= 1;
          if (left === 0) step();
        });
      }
    },
    drain() {
      draining = true;
      for (const [socket, underWay] of open) {
        const last = [...underWay].at(-1);
        // Not closeIdleConnections(): to that one, a connection that has yet to send anything is busy.
        if (last === undefined) socket.destroySoon();
        else if (!last.headersSent) last.setHeader('Connection', 'close');
      }
    },
  };
}

/** Answers one request too many behind those before it, and ends the connection. */
function refusePipelined(response: ServerResponse): void {
  const text = `More than ${mostPipelined} requests came on one connection before they were answered; wait for answers, or use more connections.\n`;
  response.writeHead(429, {
    ...{ 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text) },
    ...{ 'Cache-Control': 'no-store', 'Retry-After': '1', Connection: 'close' },
  });
  response.end(text);
}
