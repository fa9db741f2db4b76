import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that waits, as far as a test with thousands of them can afford one. */
export interface Waiter {
  readonly socket: Socket;
  /** When the first byte of the answer arrived, by `performance.now()`; undefined until then. */
  answeredAt: number | undefined;
  /** What has arrived since it was asked. */
  text: string;
}

/**
 * Sends a GET with these header lines for each path, on a connection of its own. `fetch` costs several
 * times more, and the tests' own share is in what they measure.
 */
export function hold(
  port: number,
  paths: readonly string[],
  headers: readonly string[],
): Promise<Waiter[]> {
  return Promise.all(
    paths.map(async (path) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true });
      await once(socket, 'connect');
      const waiter: Waiter = { socket, answeredAt: undefined, text: '' };
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        waiter.answeredAt ??= performance.now();
        waiter.text += chunk.toString('latin1');
      });
      socket.write([`GET ${path} HTTP/1.1`, 'Host: test', ...headers, '\r\n'].join('\r\n'));
      return waiter;
    }),
  );
}

/** Closes the connections as clients that are killed would. */
export function abandon(waiters: readonly Waiter[]): void {
  for (const { socket } of waiters) socket.destroy();
}

/** The value that so many hundredths of the values lie at or below. */
export function percentile(values: readonly number[], hundredths: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * hundredths) / 100) - 1] ?? Number.NaN;
}
