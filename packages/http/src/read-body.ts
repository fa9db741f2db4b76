import { MalformedRequest, PayloadTooLarge, UnsupportedMediaType } from '@kasabi/protocol';
import { inThisTrace } from '@kasabi/tracing';
import type { Request, RequestHandler } from 'express';

/** The largest request body that is read, in bytes; a job request needs about a hundred. */
export const bodyLimit = 16_384;

/**
 * Reads a request's body unchanged into `request.body`, for `readParameters`; does nothing if there is none or it has been
 * read. Hand-written because a body that is too large, encoded or cut off is answered at once and in our words;
 * express.raw is as fast on Node.js 24.
 *
 * @throws PayloadTooLarge, UnsupportedMediaType for a Content-Encoding, MalformedRequest for an incomplete body.
 */
export const readBody: RequestHandler = (request, response, next) => {
  if (request.body !== undefined || !hasBody(request)) {
    next();
    return;
  }
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding.toLowerCase() !== 'identity') {
    throw new UnsupportedMediaType(
      'No Content-Encoding is supported; send the request body as it is, without that header.',
    );
  }
  // Answered at once, unless the connection is going to be closed: then the body has to be read to its end, or TCP
  // would reset the connection and lose the answer.
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > bodyLimit && response.shouldKeepAlive) throw new PayloadTooLarge(bodyLimit);

  const chunks: Buffer[] = [];
  let size = 0;
  let settled = false;
  const settle = inThisTrace((problem?: Error): void => {
    if (settled) return;
    settled = true;
    next(problem);
  });
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    // Beyond the limit, data is read and ignored.
    if (size <= bodyLimit) chunks.push(chunk);
    else if (response.shouldKeepAlive) settle(new PayloadTooLarge(bodyLimit));
  });
  request.once('end', () => {
    if (size > bodyLimit) {
      settle(new PayloadTooLarge(bodyLimit));
      return;
    }
    const [only] = chunks;
    request.body = chunks.length === 1 ? only : Buffer.concat(chunks);
    settle();
  });
  const onBroken = (): void => {
    // Every request closes. Creating an error for each took 3.3 % of the time of accepting a job.
    if (settled) return;
    settle(
      new MalformedRequest(
        'The request ended before its body was complete; send it again in full.',
      ),
    );
  };
  request.once('error', onBroken);
  request.once('close', onBroken);
};

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}
