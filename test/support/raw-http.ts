import { connect, type Socket } from 'node:net';
import { waitFor } from './wait-for.ts';

/** One HTTP answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; of a repeated one, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A TCP connection that a test speaks HTTP on, byte by byte. */
export interface RawConnection {
  readonly socket: Socket;
  write(bytes: string | Buffer): void;
  /** The answers that have arrived in full. */
  answers(): RawAnswer[];
  /** Everything that has arrived. */
  text(): string;
  /** True when the server has closed it. */
  closed(): boolean;
  /** Waits until `count` answers have arrived in full. */
  answered(count: number): Promise<RawAnswer[]>;
  /** Waits until the server has closed it. */
  untilClosed(timeoutMs?: number): Promise<RawAnswer[]>;
  destroy(): void;
}

export interface RawOptions {
  /** The requests are HEAD: their answers have a Content-Length and no body. */
  readonly head?: boolean;
}

/** Opens a connection to a port of 127.0.0.1 and resolves when it is established. */
export async function openRaw(port: number, options: RawOptions = {}): Promise<RawConnection> {
  const socket = connect({ host: '127.0.0.1', port });
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A reset shows as a close without an answer, which is what the tests look at.
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  await waitFor(() => closed || socket.readyState === 'open', { what: 'a connection', everyMs: 1 });
  const text = (): string => Buffer.concat(chunks).toString('latin1');
  const connection: RawConnection = {
    socket,
    write: (bytes) => void socket.write(bytes),
    answers: () => parseAnswers(text(), options.head ?? false),
    text,
    closed: () => closed,
    async answered(count) {
      await waitFor(() => connection.answers().length >= count || closed, {
        what: `${count} answers`,
        everyMs: 2,
      });
      return connection.answers();
    },
    async untilClosed(timeoutMs = 10_000) {
      await waitFor(() => closed, { what: 'the server to close', timeoutMs, everyMs: 2 });
      return connection.answers();
    },
    destroy: () => void socket.destroy(),
  };
  return connection;
}

/** Sends bytes on a connection of their own and returns what is answered until the server closes it. */
export async function exchange(
  port: number,
  bytes: string | Buffer,
  options: RawOptions = {},
): Promise<RawAnswer[]> {
  const connection = await openRaw(port, options);
  try {
    connection.write(bytes);
    return await connection.untilClosed();
  } finally {
    connection.destroy();
  }
}

/**
 * Takes a stream of bytes apart into answers with a Content-Length or without a body; a last one that is
 * not there in full is left out.
 */
function parseAnswers(text: string, head: boolean): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  for (;;) {
    // What a client that expects 100-continue is told first is no answer.
    rest = rest.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
    const match = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n(.*?)\r\n\r\n/s.exec(rest);
    if (match === null) return answers;
    const [whole, status, lines = ''] = match;
    const headers = Object.fromEntries(
      lines.split('\r\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const end = whole.length + (head ? 0 : Number(headers['content-length'] ?? 0));
    if (rest.length < end) return answers;
    answers.push({ status: Number(status), headers, body: rest.slice(whole.length, end) });
    rest = rest.slice(end);
  }
}
