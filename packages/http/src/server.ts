import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Logger, StartupError, turnedAwayLog } from '@kasabi/runtime';
import { type ConnectionLimits, limitConnections } from './connection-limits.ts';
import { createConnections } from './connections.ts';
import { refuse } from './refusal.ts';

/** The port is in use, or the address does not belong to this host. */
export class PortUnavailable extends StartupError {
  readonly code = 'port-unavailable';
  constructor({ setting, port, address }: ListenOptions, cause: NodeJS.ErrnoException) {
    const advice = foreignAddress.has(cause.code ?? '')
      ? `set LISTEN_ADDRESS to an address of this host instead of ${address}`
      : `free it or set ${setting} to another`;
    super(`Port ${port} cannot be listened on (${cause.message}); ${advice}.`, { cause });
  }
}

/** The system's errors for an address that no interface has, or for a protocol version that is disabled. */
const foreignAddress = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

export interface HttpServer {
  readonly port: number;
  /**
   * Accepts no further connections, and closes the others in order: each after its next answer, and after `drainMs` all
   * that have no request under way. Resolves when none is left; what is left after `graceMs` milliseconds is cut off.
   */
  close(graceMs?: number): Promise<void>;
}

export interface ListenOptions {
  readonly listener: RequestListener;
  readonly port: number;
  /** An IP address of this host; all of them unless set. */
  readonly address?: string | undefined;
  /** The name of the setting with the port. */
  readonly setting: string;
  /** For connections and requests that are refused before they reach the listener. */
  readonly log?: Logger;
  readonly connections?: ConnectionLimits;
  /** How long connections without a request are kept at the end, in milliseconds; 0 unless set. */
  readonly drainMs?: number;
  /** A request's headers must arrive within this many milliseconds after its connection. */
  readonly headersTimeoutMs?: number;
  /** A request must arrive completely within this many milliseconds. */
  readonly requestTimeoutMs?: number;
}

/**
 * Listens on `port` of `address`.
 *
 * @throws PortUnavailable, naming the setting.
 */
export async function listen(options: ListenOptions): Promise<HttpServer> {
  const { headersTimeoutMs = 10_000, requestTimeoutMs = 30_000 } = options;
  const connections = createConnections();
  const listener = connections.follow(options.listener);
  const server = createServer(
    {
      // Slow clients cannot keep connections open.
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
      keepAliveTimeout: 65_000,
      // The app requires it instead, with a message.
      requireHostHeader: false,
    },
    listener,
  );
  // A client may close its half of the connection after its request, and is still answered.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('connection', connections.onConnection);
  limitConnections(server, options.connections ?? {}, (which) => {
    const { log } = options;
    if (log === undefined) return;
    turnedAwayLog(log).note(`connection, ${which}`, () =>
      log.info({ which }, 'connection refused'),
    );
  });
  // Node.js would refuse expectations other than 100-continue; HTTP allows a server to ignore them.
  server.on('checkExpectation', listener);
  const refused = new WeakSet<Socket>();
  server.on('clientError', (error: Error, stream) => {
    const socket = stream as Socket;
    if (refused.has(socket)) return;
    refused.add(socket);
    connections.whenAnswered(socket, () => refuse(socket, error, options.log));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new PortUnavailable(options, error));
    });
    server.listen({ port: options.port, host: options.address }, resolve);
  });
  /**
   * A proxy sends its next request on an idle connection while the server closes it, gets no answer, and must not send
   * a POST again: behind nginx 5 of 3,299 requests became a 502 in restarts. So each connection is answered once more.
   */
  async function close(graceMs: number): Promise<void> {
    connections.closeAfterAnswers();
    const stopAccepting = promisify(NetServer.prototype.close).bind(server);
    // Here the event loop has just accepted all connections that are established; closing would reset them.
    const closed = setImmediate().then(() => stopAccepting());
    const drain = setTimeout(connections.drain, Math.min(options.drainMs ?? 0, graceMs / 2));
    const grace = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(drain);
    clearTimeout(grace);
    // Ends what else belongs to the server.
    server.close();
  }

  let closing: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close(graceMs = 5_000) {
      closing ??= close(graceMs);
      return closing;
    },
  };
}
