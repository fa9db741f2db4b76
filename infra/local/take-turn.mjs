import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/**
 * Waits until no other process builds in this folder, then keeps others out until the returned function is called.
 * Calls `onWait` if it has to wait. The lock is an abstract socket: the kernel frees its name when the process ends, so
 * it cannot go stale, and the end of the connection tells the next process that it is its turn.
 */
export async function takeTurn(folder, onWait) {
  const { dev, ino } = statSync(folder, { bigint: true });
  const name = `\0kasabi-build-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`;
  for (let told = false; ; told = true) {
    const sockets = new Set();
    const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
    const held = await new Promise((resolve) => {
      server.once('error', () => resolve(false)).listen({ path: name }, () => resolve(true));
    });
    if (held) {
      return () => {
        server.close();
        for (const socket of sockets) socket.destroy();
      };
    }
    if (!told) onWait();
    await new Promise((resolve) => {
      connect({ path: name })
        .once('error', () => {})
        .once('close', resolve)
        .resume();
    });
  }
}
