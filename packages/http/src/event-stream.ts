import type { Request, Response } from 'express';
import { probeHalfClosed } from './half-close.ts';
import { heldForClient } from './http-metrics.ts';

/** How often a comment is sent, in milliseconds, so that proxies do not close a quiet stream. */
const heartbeatMs = 15_000;

/**
 * Begins an answer that is a stream of server-sent events (HTML Standard, section 9.2), and sends a comment from time to time until it ends or the client has gone. For HEAD, the answer is
 * only the head, and ends at once.
 *
 * @param goesOn called before each comment; the stream ends if it returns false.
 */
export function openEventStream(
  request: Request,
  response: Response,
  goesOn: () => boolean | Promise<boolean> = () => true,
) {
  response.status(200).set({
    'Content-Type': 'text/event-stream',
    // Some proxies hold answers back until they are complete.
    'X-Accel-Buffering': 'no',
  });
  /** Sends complete lines, of which the last is empty; does nothing once the stream has ended. */
  const write = (lines: string): void => {
    if (!response.writableEnded) response.write(lines);
  };
  if (request.method === 'HEAD') {
    response.end();
    return { write, end: () => undefined };
  }
  heldForClient(response);
  response.flushHeaders();
  const beat = (): void => write(': still here\n\n');
  const heartbeat = setInterval(async () => {
    if (await goesOn()) beat();
    else end();
  }, heartbeatMs);
  const stopProbing = probeHalfClosed(request.socket, beat, beat);
  const stop = (): void => {
    clearInterval(heartbeat);
    stopProbing();
  };
  /** Ends the answer. */
  const end = (): void => {
    stop();
    response.end();
  };
  response.on('close', stop);
  return { write, end };
}
