import type { Socket } from 'node:net';

/** The first of two writes to a client that has gone makes its host say so; the second finds that out. */
const betweenMs = 250;

/**
 * Finds out, once a client has closed its half of the connection, whether it still listens or has gone, which
 * looks the same: it is written to twice, by `first` and `second`. If it has gone, the connection closes.
 *
 * Returns what ends this; `second` then follows at once if `first` has been written.
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
  else socket.once('end', begin);
  return () => {
    socket.off('end', begin);
    if (timer !== undefined) finish();
  };
}
