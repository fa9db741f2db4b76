import {
  ApiError,
  InternalError,
  MalformedRequest,
  PayloadTooLarge,
  Unavailable,
  UnsupportedMediaType,
} from '@kasabi/protocol';

/** What body-parser and Express call their errors, and what a client is told. */
const libraryErrors: Readonly<Record<string, (error: { readonly limit?: number }) => ApiError>> = {
  'entity.too.large': (error) => new PayloadTooLarge(error.limit ?? 0),
  'encoding.unsupported': () =>
    new UnsupportedMediaType(
      'The Content-Encoding is not supported; send the body as it is, or with gzip.',
    ),
  'charset.unsupported': () => new UnsupportedMediaType('Send the body in UTF-8.'),
  'request.aborted': () => new MalformedRequest('The request ended before its body was complete.'),
  'request.size.invalid': () =>
    new MalformedRequest('The request body is not as long as its Content-Length says.'),
  'stream.encoding.set': () => new InternalError('unknown'),
};

/**
 * The one place where whatever a handler threw becomes what the client is told. `isUnavailable` says
 * which errors mean that a dependency does not answer for the moment.
 */
export function toApiError(
  error: unknown,
  requestId: string,
  isUnavailable: (error: unknown) => boolean,
): ApiError {
  if (error instanceof ApiError) return error;
  if (isUnavailable(error)) return new Unavailable();
  const { type, status } = (error ?? {}) as { readonly type?: string; readonly status?: number };
  const known = type === undefined ? undefined : libraryErrors[type];
  if (known !== undefined) return known(error as { readonly limit?: number });
  // What remains with a 4xx status is Express's router (a path that does not decode) or zlib.
  if (status !== undefined && status >= 400 && status < 500) {
    return new MalformedRequest('The request cannot be read; check its path and its encoding.');
  }
  return new InternalError(requestId);
}
