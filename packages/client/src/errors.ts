/**
 * The errors that the client throws, identified by `code`. The one exception is an abort: then the reason of the
 * signal is thrown unchanged, as `fetch` does. No message contains the API key.
 */
export abstract class ClientError extends Error {
  /** Stable, unlike the message. */
  abstract readonly code: string;
}

/** An argument or option that cannot work; nothing was sent. */
export class InvalidArgument extends ClientError {
  readonly code = 'invalid-argument';
}

/** No complete answer arrived: a problem of the network, or the service is away. The cause says more. */
export class ConnectionFailed extends ClientError {
  readonly code = 'connection-failed';
}

/** The complete answer did not arrive within `timeoutMs`. */
export class RequestTimedOut extends ClientError {
  readonly code = 'request-timed-out';
}

/** `wait` has reached its `timeoutMs`; the job keeps running. */
export class WaitTimedOut extends ClientError {
  readonly code = 'wait-timed-out';
}

/** An answer that is neither an error nor what the API promises. */
export class UnexpectedAnswer extends ClientError {
  readonly code = 'unexpected-answer';
}

/**
 * An address on neither the origin of `apiUrl` nor that of `statusUrl`. Nothing was sent there, because the key
 * would have gone along. If it was the `Location` of an accepted job, the job exists.
 */
export class UntrustedAddress extends ClientError {
  readonly code = 'untrusted-address';
  /** The refused address. */
  readonly address: string;
  constructor(message: string, address: string) {
    super(message);
    this.address = address;
  }
}

/** The service's explanation of a refused request: a problem document (RFC 9457). */
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
  /** The code of the problem, such as `unauthorized`; `http-502` and the like when the answer has none. */
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  /** The kind of problem, in a few words. */
  readonly title: string | undefined;
  /** What is wrong with this request, in a sentence. */
  readonly detail: string | undefined;
  /** Identifies the request to the operators: `urn:kasabi:request:…`. */
  readonly instance: string | undefined;
  /** How long the service asked the client to wait, in milliseconds. */
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
