import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The most requests of one connection that are processed at a time. */
const mostPipelined = 64;

/** How long the remaining answers on a connection with more requests may take before it is closed, in milliseconds. */
const lingerMs = 2_000;

/** Keeps track of which connections of an HTTP server wait for an answer, so that it can be closed in order. */
export function createConnections() {
  const open = new Map<Socket, Set<ServerResponse>>();
  /** Connections with too many requests: no further ones are processed. */
  const overfull = new WeakSet<Socket>();
  /** Whether each connection is closed after its next answer, or already now if there is no request under way. */
  let state: 'open' | 'closing' | 'draining' = 'open';

  return {
    /** Wraps the server's listener. */
    follow:
      (listener: RequestListener): RequestListener =>
      (request, response) => {
        const underWay = open.get(request.socket);
        // A proxy sends its next request as soon as it has the answer, which is before that counts as closed here.
        const isBehindLast =
          state === 'closing' && [...(underWay ?? [])].some((it) => !it.writableEnded);
        // A pipelined request behind an answer that closes the connection: its client has to send it again.
        if (state === 'draining' || isBehindLast || overfull.has(request.socket)) return;
        if (state === 'closing') response.setHeader('Connection', 'close');
        if (underWay !== undefined && underWay.size >= mostPipelined) {
          overfull.add(request.socket);
          // What else has arrived is ignored, and nothing more is read. So it goes unnoticed when the client goes, and
          // requests that are not answered soon, such as those that wait for a change, are cut off.
          request.socket.pause();
          setTimeout(() => request.socket.destroy(), lingerMs).unref();
          refusePipelined(response);
          return;
        }
        underWay?.add(response);
        response.on('close', () => {
          underWay?.delete(response);
          // One that was answered without `Connection: close` may be sent another request until then.
          if (state === 'draining' && underWay?.size === 0) request.socket.destroySoon();
        });
        listener(request, response);
      },
    onConnection(socket: Socket): void {
      open.set(socket, new Set());
      // Each request that waits for a change adds a listener.
      socket.setMaxListeners(0);
      socket.on('close', () => open.delete(socket));
    },
    /**
     * Runs `step` once the requests that arrived completely on this connection have been answered. Anything written to
     * it earlier would be taken for one of their answers.
     */
    whenAnswered(socket: Socket, step: () => void): void {
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
    /** Has each connection closed after the requests that are under way or, if there are none, after the next one. */
    closeAfterAnswers(): void {
      state = 'closing';
      for (const underWay of open.values()) {
        const last = [...underWay].at(-1);
        if (last?.headersSent === false) last.setHeader('Connection', 'close');
      }
    },
    /** Closes the connections without a request under way. */
    drain(): void {
      state = 'draining';
      for (const [socket, underWay] of open) {
        // Not closeIdleConnections(), which takes a connection that has not sent anything yet for busy.
        if (underWay.size === 0) socket.destroySoon();
      }
    },
  };
}

/** Refuses the request that is one too many, after the answers to those before it, and closes the connection. */
function refusePipelined(response: ServerResponse): void {
  const text = `More than ${mostPipelined} requests came on one connection before they were answered; wait for answers, or use more connections.\n`;
  response.writeHead(429, {
    ...{ 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text) },
    ...{ 'Cache-Control': 'no-store', 'Retry-After': '1', Connection: 'close' },
  });
  response.end(text);
}
