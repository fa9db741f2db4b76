import { type JobType, jobTypes } from '@kasabi/domain';
import { formatDateTime } from './dates.ts';
import { type ErrorCode, errorCatalog } from './error-catalog.ts';

type ResponseHeaders = Readonly<Record<string, string>>;

/** An error that is answered to a client. The message is for people. */
export abstract class ApiError extends Error {
  readonly code: ErrorCode;
  /** Response headers that belong to this error. */
  readonly headers: ResponseHeaders;

  get status(): number {
    return errorCatalog[this.code].status;
  }

  /** Without a stack: nobody reads it, and it takes a tenth of the time of refusing a request. */
  constructor(code: ErrorCode, message: string, headers: ResponseHeaders = {}) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.headers = headers;
  }
}

/** 400: a parameter is missing, unknown, contradictory or has a value that is not allowed. */
export class InvalidParameter extends ApiError {
  /** The parameter's name. */
  readonly parameter: string;
  constructor(parameter: string, message: string) {
    super('invalid-parameter', message);
    this.parameter = parameter;
  }
}

/** 400: the request cannot be parsed. */
export class MalformedRequest extends ApiError {
  constructor(message: string) {
    super('malformed-request', message);
  }
}

/**
 * 401. The same words for a key that is missing, unknown, revoked or another owner's, so that the answer
 * reveals nothing about keys and datasets.
 */
export class Unauthorized extends ApiError {
  constructor() {
    super(
      'unauthorized',
      "This needs the API key of the dataset's owner; send it in the header X_KASABI_APIKEY or as the parameter apikey.",
      { 'WWW-Authenticate': 'Bearer realm="Kasabi Jobs"' },
    );
  }
}

/** 404 */
export class NotFound extends ApiError {
  constructor(message: string) {
    super('not-found', message);
  }
}

/** 404: no dataset has this short code. */
export class DatasetNotFound extends NotFound {
  /** @param datasetCode undefined if the path cannot name a dataset. */
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

/** 404: the owner has no such export to restore from. */
export class SourceNotFound extends NotFound {
  constructor() {
    super('There is no such export to restore from, or it is not of this owner.');
  }
}

/** 405 */
export class MethodNotAllowed extends ApiError {
  constructor(method: string, allowed: readonly string[]) {
    super('method-not-allowed', `${method} is not allowed here; use ${allowed.join(' or ')}.`, {
      Allow: allowed.join(', '),
    });
  }
}

/** 408 */
export class RequestTimeout extends ApiError {
  constructor() {
    super('request-timeout', 'The request took too long to arrive; send it again, all at once.');
  }
}

/** 409: the job has ended, or it is running and of a type that is not cancelled then. */
export class NotScheduled extends ApiError {
  constructor(type: JobType, status: string) {
    const when = jobTypes[type].cancelsWhileRunning ? 'scheduled or running' : 'scheduled';
    super('not-scheduled', `Only a ${when} ${type} can be cancelled; this one is ${status}.`);
  }
}

/** 409: a request with this Idempotency-Key has arrived and has not been answered yet. */
export class IdempotencyInFlight extends ApiError {
  constructor() {
    super(
      'idempotency-in-flight',
      'A request with this Idempotency-Key is still being processed; repeat yours in a second.',
      { 'Retry-After': '1' },
    );
  }
}

/** 410: the file of an export was deleted. */
export class FileExpired extends ApiError {
  /** @param expired in RFC 3339. */
  constructor(expired: string) {
    super(
      'gone',
      `The file of this export was kept until ${formatDateTime(new Date(expired))}; ask for a new export.`,
    );
  }
}

/** 416: the range begins behind the end of the file. */
export class RangeNotSatisfiable extends ApiError {
  constructor(bytes: number) {
    super(
      'range-not-satisfiable',
      `The file has ${bytes} bytes; ask for a range that begins within it.`,
      { 'Accept-Ranges': 'bytes', 'Content-Range': `bytes */${bytes}` },
    );
  }
}

/** 413 */
export class PayloadTooLarge extends ApiError {
  constructor(limitBytes: number) {
    super('payload-too-large', `The request body is too large: send at most ${limitBytes} bytes.`);
  }
}

/** 415 */
export class UnsupportedMediaType extends ApiError {
  constructor(message: string) {
    super('unsupported-media-type', message);
  }
}

/** 422 */
export class IdempotencyKeyReused extends ApiError {
  constructor() {
    super(
      'idempotency-key-reused',
      'This Idempotency-Key was already used for a request with other parameters; use a new key for each job.',
    );
  }
}

/** 429: one key or address has sent more requests in a minute than allowed. */
export class TooManyRequests extends ApiError {
  /** @param limits headers that say what the limit is, and when its window ends. */
  constructor(limit: number, retryAfterSeconds: number, limits: ResponseHeaders = {}) {
    super(
      'too-many-requests',
      `More than ${limit} requests came in a minute; try again in ${retryAfterSeconds} seconds.`,
      { ...limits, 'Retry-After': String(retryAfterSeconds) },
    );
  }
}

/** 429: one key or address has more requests waiting for a change than allowed. */
export class TooManyHeld extends ApiError {
  constructor(of: 'API key' | 'address', limit: number) {
    super(
      'too-many-requests',
      `This ${of} already has ${limit} requests that wait or stream, which is the limit; end some of them, or ask without waiting.`,
      // The connection is closed: thousands of idle ones would take more memory than the requests that wait.
      { 'Retry-After': '5', Connection: 'close' },
    );
  }
}

/** 429: the dataset has reached its limit of unfinished jobs. */
export class TooManyOpenJobs extends ApiError {
  constructor(limit: number) {
    super(
      'too-many-open-jobs',
      `The dataset already has ${limit} unfinished jobs, which is the limit; wait for some to end, or cancel some.`,
      { 'Retry-After': '60' },
    );
  }
}

/** 431 */
export class HeadersTooLarge extends ApiError {
  constructor(limitBytes: number) {
    super(
      'headers-too-large',
      `The request line and headers are too large; send at most ${limitBytes} bytes in all.`,
    );
  }
}

/** 500: a fault of ours. Its cause is in the log under the request's id. */
export class InternalError extends ApiError {
  constructor(requestId: string) {
    super(
      'internal-error',
      `The service failed to answer; the operators can find the reason under request ${requestId}.`,
    );
  }
}

/** 503: something the service depends on does not answer at the moment. */
export class Unavailable extends ApiError {
  /** @param what what does not answer. */
  constructor(what = 'its database') {
    super(
      'unavailable',
      // Not "nothing was changed": the transaction may have been committed before the connection broke.
      `The service cannot reach ${what} at the moment; try again in a few seconds.`,
      { 'Retry-After': '2' },
    );
  }
}

/** 503: the service has more to do than it can answer in time. */
export class Overloaded extends ApiError {
  constructor() {
    super(
      'unavailable',
      'The service is overloaded at the moment; nothing was changed. Try again in a few seconds.',
      { 'Retry-After': '2' },
    );
  }
}
