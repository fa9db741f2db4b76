import { maxHeaderSize } from 'node:http';
import {
  ApiError,
  HeadersTooLarge,
  InternalError,
  MalformedRequest,
  PayloadTooLarge,
  RequestTimeout,
  Unavailable,
  UnsupportedMediaType,
} from '@kasabi/protocol';
import { bodyLimit } from './read-body.ts';

/**
 * Turns whatever a handler threw into the error for the client; this is the only place that does. `isUnavailable` says
 * whether an error means that a dependency does not answer at the moment.
 */
export function toApiError(
  error: unknown,
  requestId: string,
  isUnavailable: (error: unknown) => boolean,
): ApiError {
  if (error instanceof ApiError) return error;
  if (isUnavailable(error)) return new Unavailable();
  const { status, type } = (error ?? {}) as { readonly status?: number; readonly type?: string };
  const ofBody = type === undefined ? undefined : bodyErrors[type];
  if (ofBody !== undefined) return ofBody();
  // The only other source of a 4xx status is Express's router: a path that cannot be decoded.
  if (status !== undefined && status >= 400 && status < 500) {
    return new MalformedRequest(
      'The path is not percent-encoded UTF-8; write a % itself as %25, and other text in UTF-8.',
    );
  }
  return new InternalError(requestId);
}

const incompleteBody = (): ApiError =>
  new MalformedRequest('The request ended before its body was complete; send it again in full.');

/** What Express says is wrong with a body, by the type of its error. */
const bodyErrors: Readonly<Record<string, () => ApiError>> = {
  'entity.too.large': () => new PayloadTooLarge(bodyLimit),
  'encoding.unsupported': () =>
    new UnsupportedMediaType(
      'No Content-Encoding is supported; send the request body as it is, without that header.',
    ),
  'request.aborted': incompleteBody,
  'request.size.invalid': incompleteBody,
};

/** The same for what Node.js's HTTP parser refuses before there is a request. */
export function ofParserError(error: Error): ApiError {
  const { code, reason } = error as { readonly code?: string; readonly reason?: string };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new RequestTimeout();
  if (code === 'HPE_HEADER_OVERFLOW') return new HeadersTooLarge(maxHeaderSize);
  return new MalformedRequest(
    `The request is not readable as HTTP/1.1${reason === undefined ? '' : ` (${reason})`}; see RFC 9112.`,
  );
}
