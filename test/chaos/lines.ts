import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Calls `onLine` for each line that arrives. A connection that breaks is no error, just the end. */
export function readLines(socket: Socket, onLine: (line: string) => void): void {
  const lines = createInterface({ input: socket });
  lines.on('line', onLine);
  // readline passes the socket's errors on, and unheard they would end the process.
  lines.on('error', () => undefined);
}
