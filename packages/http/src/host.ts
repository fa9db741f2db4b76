import type { IncomingMessage } from 'node:http';
import { MalformedRequest } from '@kasabi/protocol';

/** `uri-host [ ":" port ]`, as in RFC 9110, section 7.2; it may be empty. */
const validHost =
  /^(?:\[[\da-f:.]+\]|\[v[\da-f]+\.[\w.~!$&'()*+,;=:-]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i;

/**
 * What is wrong with the Host of a request: there must be exactly one valid one (RFC 9112, section 3.2), or none in
 * HTTP/1.0. Node.js would answer a missing one with an empty body, and use the first of two.
 */
export function hostProblem(request: IncomingMessage): MalformedRequest | undefined {
  const { host } = request.headers;
  if (host === undefined) {
    return request.httpVersion === '1.0'
      ? undefined
      : new MalformedRequest('The header Host is missing; HTTP/1.1 requires it.');
  }
  const { rawHeaders } = request;
  let lines = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') lines += 1;
  }
  if (lines > 1) return new MalformedRequest('The header Host is sent twice; send it once.');
  if (validHost.test(host)) return undefined;
  return new MalformedRequest(
    'The header Host is not a host name or address with an optional port; send it as in Host: api.example.org:8080.',
  );
}
