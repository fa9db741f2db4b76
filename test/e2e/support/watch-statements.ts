import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a Postgres that counts the statements that go along it. */
export interface StatementCounter {
  /** The database's URL, by way of the counter. */
  readonly url: string;
  /** How many there were. Postgres's own statistics come up to ten seconds late. */
  statements(): number;
  close(): Promise<void>;
}

export async function createStatementCounter(databaseUrl: string): Promise<StatementCounter> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((incoming) => {
    const outgoing = connect(Number(target.port), target.hostname);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        incoming.destroy();
        outgoing.destroy();
      });
    }
    const countIn = createMessageCounter();
    incoming.on('data', (chunk: Buffer) => {
      count += countIn(chunk);
    });
    incoming.pipe(outgoing).pipe(incoming);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    statements: () => count,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Counts the Execute and Query messages in what a client sends (PostgreSQL manual, chapter 54). */
function createMessageCounter(): (chunk: Buffer) => number {
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    let found = 0;
    for (;;) {
      // The first message has no type.
      const typeBytes = begun ? 1 : 0;
      if (rest.length < typeBytes + 4) return found;
      const end = typeBytes + rest.readUInt32BE(typeBytes);
      if (rest.length < end) return found;
      const type = begun ? String.fromCharCode(rest[0] ?? 0) : '';
      if (type === 'E' || type === 'Q') found += 1;
      begun = true;
      rest = rest.subarray(end);
    }
  };
}
