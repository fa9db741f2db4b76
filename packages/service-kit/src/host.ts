import { MalformedRequest } from '@kasabi/protocol';
import type { RequestHandler } from 'express';

/** `uri-host [ ":" port ]`, as RFC 9110, section 7.2, has it; it may be empty. */
const validHost =
  /^(?:\[[\da-f:.]+\]|\[v[\da-f]+\.[\w.~!$&'()*+,;=:-]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i;

/**
 * Refuses a request that does not have exactly one good Host (RFC 9112, section 3.2); one of HTTP/1.0 may
 * have none. Node.js answers a missing one with an empty body, and takes the first of two.
 *
 * @throws MalformedRequest
 */
export const requireHost: RequestHandler = (request, _response, next) => {
  const { host } = request.headers;
  if (host === undefined) {
    if (request.httpVersion === '1.0') next();
    else throw new MalformedRequest('The header Host is missing; HTTP/1.1 needs it, send it.');
    return;
  }
  const { rawHeaders } = request;
  let lines = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') lines += 1;
  }
  if (lines > 1) throw new MalformedRequest('The header Host is sent twice; send it once.');
  if (!validHost.test(host)) {
    throw new MalformedRequest(
      'The header Host is not a host name or address with an optional port; send it as in Host: api.example.org:8080.',
    );
  }
  next();
};
