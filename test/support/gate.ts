import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut, so that a test can take it away without stopping it for others. */
export interface Gate {
  /** The server's URL, by way of the gate. */
  readonly url: string;
  /** Breaks all connections and refuses new ones. */
  shut(): void;
  open(): void;
  /** From now on new connections lead to this server; those that are there stay. */
  leadTo(serverUrl: string): void;
  close(): Promise<void>;
}

export async function createGate(serverUrl: string): Promise<Gate> {
  let target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let passable = true;
  const server = createServer((incoming) => {
    if (!passable) {
      incoming.destroy();
      return;
    }
    const outgoing = connect(Number(target.port), target.hostname);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      // Broken is what they are for.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        incoming.destroy();
        outgoing.destroy();
      });
    }
    incoming.pipe(outgoing).pipe(incoming);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const shut = (): void => {
    passable = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    shut,
    leadTo(other) {
      target = new URL(other);
    },
    open: () => {
      passable = true;
    },
    async close() {
      shut();
      server.close();
      await once(server, 'close');
    },
  };
}
