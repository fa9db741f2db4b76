/** Every error a client can meet: its stable code, HTTP status and short title. */
export const errorCatalog = {
  'invalid-parameter': { status: 400, title: 'A parameter is invalid' },
  'malformed-request': { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'The API key is missing or does not open this dataset' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'not-scheduled': { status: 409, title: 'The job can no longer be cancelled' },
  'idempotency-in-flight': { status: 409, title: 'The same request is being accepted just now' },
  'payload-too-large': { status: 413, title: 'The request body is too large' },
  'unsupported-media-type': { status: 415, title: 'The request body is of the wrong type' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key stood for another request' },
  'too-many-requests': { status: 429, title: 'Requests come too fast' },
  'too-many-open-jobs': { status: 429, title: 'The dataset has too many unfinished jobs' },
  'headers-too-large': { status: 431, title: 'The request line and headers are too large' },
  'internal-error': { status: 500, title: 'The service failed' },
  unavailable: { status: 503, title: 'The service is unavailable for the moment' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ErrorCode = keyof typeof errorCatalog;

/** The `type` of an error's problem document: stable, and resolved by nothing but the documentation. */
export const problemType = (code: ErrorCode): string => `urn:kasabi:problem:${code}`;

/** What a client is answered when its request cannot be met. The message is for people. */
export abstract class ApiError extends Error {
  abstract readonly code: ErrorCode;
  /** Response headers that belong to this error. */
  readonly headers: Readonly<Record<string, string>> = {};

  get status(): number {
    return errorCatalog[this.code].status;
  }

  /** Without a stack, which nobody reads and which takes a tenth of the time of turning a request away. */
  constructor(message: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
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

/** 404: no dataset has this short code. */
export class DatasetNotFound extends NotFound {
  /** @param datasetCode undefined when the path names none that could be there. */
  constructor(datasetCode: string | undefined) {
    super(
      datasetCode === undefined
        ? 'There is no such dataset: a short code has 1 to 63 lower-case letters, digits and hyphens.'
        : `There is no dataset ${datasetCode}.`,
    );
  }
}

/** 404: the dataset has no job with this id. */
export class JobNotFound extends NotFound {
  constructor(datasetCode: string | undefined) {
    super(`The dataset ${datasetCode} has no such job.`);
  }
}

/** 405 */
export class MethodNotAllowed extends ApiError {
  readonly code = 'method-not-allowed';
  override readonly headers: { readonly Allow: string };
  constructor(method: string, allowed: readonly string[]) {
    super(`${method} is not allowed here; use ${allowed.join(' or ')}.`);
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

/** 409: a worker has taken the job up, or it has ended. */
export class NotScheduled extends ApiError {
  readonly code = 'not-scheduled';
  constructor(status: string) {
    super(`Only a scheduled job can be cancelled; this one is ${status}.`);
  }
}

/** 409: a request with this Idempotency-Key has begun and not yet been answered. */
export class IdempotencyInFlight extends ApiError {
  readonly code = 'idempotency-in-flight';
  override readonly headers = { 'Retry-After': '1' };
  constructor() {
    super(
      'A request with this Idempotency-Key is being accepted just now; repeat yours in a second.',
    );
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

/** 422 */
export class IdempotencyKeyReused extends ApiError {
  readonly code = 'idempotency-key-reused';
  constructor() {
    super(
      'This Idempotency-Key stood for a request with other parameters; use a new key for each job.',
    );
  }
}

/** 429: more requests in a minute than one key or address may send. */
export class TooManyRequests extends ApiError {
  readonly code = 'too-many-requests';
  override readonly headers: Readonly<Record<string, string>>;
  /** @param limits headers that say what the limit is, and when its window ends. */
  constructor(
    limit: number,
    retryAfterSeconds: number,
    limits: Readonly<Record<string, string>> = {},
  ) {
    super(`More than ${limit} requests came in a minute; go on in ${retryAfterSeconds} seconds.`);
    this.headers = { ...limits, 'Retry-After': String(retryAfterSeconds) };
  }
}

/** 429: more requests are held for one key or address than it may have. */
export class TooManyHeld extends ApiError {
  readonly code = 'too-many-requests';
  /** Its connection ends, for thousands of them, each idle, take more memory than what is held. */
  override readonly headers = { 'Retry-After': '5', Connection: 'close' };
  constructor(of: 'API key' | 'address', limit: number) {
    super(
      `This ${of} has ${limit} requests that wait or stream, and may not have more; end some of them, or ask without waiting.`,
    );
  }
}

/** 429: the dataset's limit on unfinished jobs is reached. */
export class TooManyOpenJobs extends ApiError {
  readonly code = 'too-many-open-jobs';
  override readonly headers = { 'Retry-After': '60' };
  constructor(limit: number) {
    super(
      `The dataset has ${limit} unfinished jobs, and may not have more; wait for some to end, or cancel some.`,
    );
  }
}

/** 503: the service has more to do than it can answer in time. */
export class Overloaded extends ApiError {
  readonly code = 'unavailable';
  override readonly headers = { 'Retry-After': '2' };
  constructor() {
    super(
      'The service has too much to do at the moment; nothing was changed. Try again in a few seconds.',
    );
  }
}
