import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Logger, turnedAwayLog } from '@kasabi/runtime';
import { readAddress } from './client-address.ts';
import { ofParserError } from './http-errors.ts';

const lingerMs = 1_000;

/**
 * Answers something that Node.js's HTTP parser cannot read, and ends the connection, because it is unknown where the next
 * request would begin. The bytes themselves are never logged: they may contain a key.
 */
export function refuse(socket: Socket, error: Error, log?: Logger): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const apiError = ofParserError(error);
  const id = randomUUID();
  const body = `${apiError.message}\n`;
  const head = [
    `HTTP/1.1 ${apiError.status} ${STATUS_CODES[apiError.status]}`,
    `X-Request-Id: ${id}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
  ];
  const { code } = error as NodeJS.ErrnoException;
  if (log !== undefined) {
    turnedAwayLog(log).note(String(apiError.status), () =>
      log.info(
        {
          req: { id, from: readAddress(socket.remoteAddress ?? '') },
          res: { status: apiError.status },
          code,
        },
        'request refused',
      ),
    );
  }
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // If it were closed at once, with unread bytes from the client, TCP would reset the connection, and the client might
  // never see the answer.
  const linger = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(linger));
}
