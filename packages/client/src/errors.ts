/**
 * What the client throws, told apart by `code`. The one exception is an abort: then the reason of the
 * signal is thrown as it is, as `fetch` does. The API key is in no message.
 */
export abstract class ClientError extends Error {
  /** Stable, unlike the message. */
  abstract readonly code: string;
}

/** An argument or option that cannot work; nothing was sent. */
export class InvalidArgument extends ClientError {
  readonly code = 'invalid-argument';
}

/** No answer, or not all of it, arrived: the network, or a service that is away. The cause says more. */
export class ConnectionFailed extends ClientError {
  readonly code = 'connection-failed';
}

/** The answer was not there in full within `timeoutMs`. */
export class RequestTimedOut extends ClientError {
  readonly code = 'request-timed-out';
}

/** `wait` has reached its `timeoutMs`; the job goes on. */
export class WaitTimedOut extends ClientError {
  readonly code = 'wait-timed-out';
}

/** An answer that is no error, and not what the API promises either. */
export class UnexpectedAnswer extends ClientError {
  readonly code = 'unexpected-answer';
}

/**
 * An address that is neither on the origin of `apiUrl` nor on that of `statusUrl`. Nothing was sent there,
 * for the key would have gone along. When it came as the `Location` of an accepted job, the job exists.
 */
export class UntrustedAddress extends ClientError {
  readonly code = 'untrusted-address';
  /** The address that was refused. */
  readonly address: string;
  constructor(message: string, address: string) {
    super(message);
    this.address = address;
  }
}

/** What the service said about a request that it did not meet: a problem document (RFC 9457). */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly title: string | undefined;
  readonly detail: string | undefined;
  readonly instance: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** The service answered with an error. */
export class RequestRefused extends ClientError {
  /** The problem's, such as `unauthorized`; `http-502` and the like when the answer has none. */
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  /** The problem in general, in a few words. */
  readonly title: string | undefined;
  /** What is wrong with this request, in a sentence. */
  readonly detail: string | undefined;
  /** Names the request to the operators: `urn:kasabi:request:…`. */
  readonly instance: string | undefined;
  /** How long the service asked to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  constructor(message: string, refusal: Refusal) {
    super(message);
    this.code = refusal.code;
    this.status = refusal.status;
    this.title = refusal.title;
    this.detail = refusal.detail;
    this.instance = refusal.instance;
    this.retryAfterMs = refusal.retryAfterMs;
  }
}
