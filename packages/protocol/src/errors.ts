/** Every error a client can meet: its stable code, HTTP status and short title. */
export const errorCatalog = {
  'invalid-parameter': { status: 400, title: 'A parameter is invalid' },
  'malformed-request': { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'The API key is missing or does not open this dataset' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'payload-too-large': { status: 413, title: 'The request body is too large' },
  'unsupported-media-type': { status: 415, title: 'The request body is of the wrong type' },
  'headers-too-large': { status: 431, title: 'The request line and headers are too large' },
  'internal-error': { status: 500, title: 'The service failed' },
  unavailable: { status: 503, title: 'The service is unavailable for the moment' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ErrorCode = keyof typeof errorCatalog;

/** What a client is answered when its request cannot be met. The message is for people. */
export abstract class ApiError extends Error {
  abstract readonly code: ErrorCode;
  /** Response headers that belong to this error. */
  readonly headers: Readonly<Record<string, string>> = {};

  get status(): number {
    return errorCatalog[this.code].status;
  }
}

/** 400: a parameter is missing, unknown, contradictory or has a value that is not allowed. */
export class InvalidParameter extends ApiError {
  readonly code = 'invalid-parameter';
  /** The parameter's name. */
  readonly parameter: string;
  constructor(parameter: string, message: string) {
    super(message);
    this.parameter = parameter;
  }
}

/** 400: the request does not parse. */
export class MalformedRequest extends ApiError {
  readonly code = 'malformed-request';
}

/**
 * 401. The same words for a key that is missing, unknown, revoked or another owner's, so that the answer
 * tells nothing about keys and datasets.
 */
export class Unauthorized extends ApiError {
  readonly code = 'unauthorized';
  override readonly headers = { 'WWW-Authenticate': 'Bearer realm="Kasabi Jobs"' };
  constructor() {
    super(
      "This needs the API key of the dataset's owner; send it in the header X_KASABI_APIKEY or as the parameter apikey.",
    );
  }
}

/** 404 */
export class NotFound extends ApiError {
  readonly code = 'not-found';
}

/** 405 */
export class MethodNotAllowed extends ApiError {
  readonly code = 'method-not-allowed';
  override readonly headers: { readonly Allow: string };
  constructor(method: string, allowed: readonly string[]) {
    super(`${method} is not possible here; use ${allowed.join(' or ')}.`);
    this.headers = { Allow: allowed.join(', ') };
  }
}

/** 408 */
export class RequestTimeout extends ApiError {
  readonly code = 'request-timeout';
  constructor() {
    super('The request took too long to arrive; send it again, all at once.');
  }
}

/** 413 */
export class PayloadTooLarge extends ApiError {
  readonly code = 'payload-too-large';
  constructor(limitBytes: number) {
    super(`The request body is too large: send at most ${limitBytes} bytes.`);
  }
}

/** 415 */
export class UnsupportedMediaType extends ApiError {
  readonly code = 'unsupported-media-type';
}

/** 431 */
export class HeadersTooLarge extends ApiError {
  readonly code = 'headers-too-large';
  constructor(limitBytes: number) {
    super(`The request line and headers are too large; send at most ${limitBytes} bytes of them.`);
  }
}

/** 500: a fault of ours. Its cause is in the log under the request's id. */
export class InternalError extends ApiError {
  readonly code = 'internal-error';
  constructor(requestId: string) {
    super(
      `The service failed to answer; the operators find the reason under request ${requestId}.`,
    );
  }
}

/** 503: what the service depends on does not answer for the moment. */
export class Unavailable extends ApiError {
  readonly code = 'unavailable';
  override readonly headers = { 'Retry-After': '2' };
  constructor() {
    // Not "nothing was changed": a connection that broke may have carried the commit.
    super('The service cannot reach its database for the moment; try again in a few seconds.');
  }
}
