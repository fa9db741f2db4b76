import type { Socket } from 'node:net';

/** After the first of two writes, the host of a client that has gone resets the connection; the second one notices. */
const betweenMs = 250;

/**
 * Finds out whether a client that has closed its half of the connection still listens or has gone, which looks the same:
 * `first` and `second` write to it. If it has gone, the connection closes.
 *
 * Returns a function that ends this; if `first` has been called, `second` is then called at once.
 */
export function probeHalfClosed(socket: Socket, first: () => void, second: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    first();
    timer = setTimeout(finish, betweenMs);
  };
  const finish = (): void => {
    clearTimeout(timer);
    timer = undefined;
    second();
  };
  if (socket.readableEnded) begin();
  else socket.on('end', begin);
  return () => {
    socket.off('end', begin);
    if (timer !== undefined) finish();
  };
}
