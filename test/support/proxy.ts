import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What lies between one service and one server: connections that can be cut, stalled and delayed. */
export interface SocketProxy {
  readonly port: number;
  /**
   * Resets every connection. With `serverUntold` the server is not told for that many milliseconds, as
   * when a network drops out: it goes on holding the session and whatever that has locked.
   */
  cut(options?: { readonly serverUntold?: number }): void;
  /** Lets nothing through, in either direction, until `release` is called. */
  stall(): void;
  release(): void;
  /** Connects what comes from now on to another port. */
  retarget(port: number): void;
  /** Delays every piece of data by so many milliseconds. */
  delay(ms: number): void;
  close(): void;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * Listens on a port of its own and passes on to another of this machine.
 *
 * @param rewrite makes each piece of data from the server into another.
 */
export async function startProxy(
  first: number,
  rewrite: (data: Buffer) => Buffer = (data) => data,
): Promise<SocketProxy> {
  let target = first;
  const pairs = new Set<Pair>();
  let delayMs = 0;
  let open = Promise.resolve();
  let release = (): void => {};

  async function pump(from: Socket, to: Socket, change = (it: Buffer) => it): Promise<void> {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      await open;
      if (delayMs > 0) await sleep(delayMs);
      if (!to.write(change(chunk))) await new Promise((resolve) => to.once('drain', resolve));
    }
    await open;
    to.end();
  }

  const listener: Server = createServer((client) => {
    const server = connect({ host: '127.0.0.1', port: target });
    const pair = { client, server };
    pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => pairs.delete(pair));
    }
    const broken = (): void => {
      client.destroy();
      server.destroy();
    };
    pump(client, server).catch(broken);
    pump(server, client, rewrite).catch(broken);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  return {
    port,
    cut(options = {}) {
      for (const { client, server } of [...pairs]) {
        client.resetAndDestroy();
        if (options.serverUntold === undefined) server.resetAndDestroy();
        else setTimeout(() => server.resetAndDestroy(), options.serverUntold).unref();
      }
    },
    stall() {
      release();
      open = new Promise((resolve) => {
        release = resolve;
      });
    },
    release() {
      release();
    },
    retarget(to) {
      target = to;
    },
    delay(ms) {
      delayMs = ms;
    },
    close() {
      release();
      listener.close();
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
    },
  };
}
