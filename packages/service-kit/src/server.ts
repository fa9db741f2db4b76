import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The port is taken, or the address is none of this host's. */
export class PortUnavailable extends Error {
  readonly code = 'port-unavailable';
  constructor(setting: string, port: number, cause: Error) {
    super(
      `Port ${port} cannot be listened on (${cause.message}); free it or set ${setting} to another.`,
      {
        cause,
      },
    );
  }
}

export interface HttpServer {
  readonly port: number;
  /** Accepts no further connection and resolves when the requests under way are answered. */
  close(): Promise<void>;
}

/**
 * Listens on `port` of all addresses.
 *
 * @throws PortUnavailable, naming the setting.
 */
export async function listen(options: {
  readonly listener: RequestListener;
  readonly port: number;
  /** The setting that the port came from. */
  readonly setting: string;
}): Promise<HttpServer> {
  const server = createServer(
    {
      // A request must arrive within these times, in milliseconds: slow clients hold nothing open.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
    },
    options.listener,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new PortUnavailable(options.setting, options.port, error));
    });
    server.listen(options.port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeIdleConnections();
      }),
  };
}
