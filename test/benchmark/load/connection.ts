import { connect, type Socket } from 'node:net';

/** A keep-alive connection with at most one request under way. */
export interface Connection {
  send(request: Buffer): void;
  close(): void;
}

const headEnd = Buffer.from('\r\n\r\n');
const lengthHeader = Buffer.from('Content-Length: ');
const [zero, nine] = [48, 57];

/**
 * Connects to 127.0.0.1. Raw sockets and an answer that is looked at only as far as its status and its
 * length: the client shares two cores with what it measures, and every parsed header would be taken from
 * it. undici and autocannon cost several times as much for each request.
 *
 * @throws Error (in the event loop) when the server closes the connection or sends no Content-Length.
 */
export function openConnection(port: number, onAnswer: (status: number) => void): Connection {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let pending: Buffer | undefined;
  let closing = false;
  socket.on('data', (chunk) => {
    const data = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    const end = answerEnd(data);
    if (end === undefined || data.length < end) {
      pending = data;
      return;
    }
    pending = undefined;
    // `HTTP/1.1 202`
    onAnswer(Number(data.toString('latin1', 9, 12)));
  });
  socket.on('close', () => {
    if (!closing) throw new Error(`The server on port ${port} closed a connection.`);
  });
  return {
    send: (request) => socket.write(request),
    close() {
      closing = true;
      socket.destroy();
    },
  };
}

/** Where the answer at the start of `data` ends; undefined while its head is incomplete. */
function answerEnd(data: Buffer): number | undefined {
  const head = data.indexOf(headEnd);
  if (head < 0) return undefined;
  const header = data.indexOf(lengthHeader);
  if (header < 0 || header > head) {
    throw new Error(`An answer without Content-Length: ${data.toString('latin1', 0, head)}`);
  }
  let length = 0;
  for (let at = header + lengthHeader.length; ; at += 1) {
    const digit = data[at] ?? 0;
    if (digit < zero || digit > nine) break;
    length = length * 10 + digit - zero;
  }
  return head + headEnd.length + length;
}
