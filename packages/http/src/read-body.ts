import { PayloadTooLarge } from '@kasabi/protocol';
import express, { type RequestHandler } from 'express';

/** The largest request body that is read, in bytes; a job request needs about a hundred. */
export const bodyLimit = 16_384;

const read = express.raw({ limit: bodyLimit, inflate: false, type: () => true });

/**
 * Reads a request's body unchanged into `request.body`, for `readParameters`; does nothing if there is none or it has been
 * read.
 *
 * @throws PayloadTooLarge; for what else is wrong with a body, it passes on an error that `toApiError` knows.
 */
export const readBody: RequestHandler = (request, response, next) => {
  if (request.body !== undefined) {
    next();
    return;
  }
  // Express would read it to its end first. That is needed only where the connection is going to be closed: TCP would
  // reset it, and lose the answer.
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > bodyLimit && response.shouldKeepAlive) throw new PayloadTooLarge(bodyLimit);
  read(request, response, next);
};
