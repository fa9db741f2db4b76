/** What is the same of every error of one kind. */
export interface ErrorDescription {
  /** The HTTP status. */
  readonly status: number;
  readonly title: string;
  /** When a client meets it. */
  readonly meaning: string;
  /** What the client can do about it. */
  readonly remedy: string;
}

/** Every error a client can meet, by its stable code. */
export const errorCatalog = {
  'invalid-parameter': {
    status: 400,
    title: 'A parameter is invalid',
    meaning: 'A parameter is missing, unknown, given twice, or has a value that is not allowed.',
    remedy: 'Correct the parameter that `detail` names.',
  },
  'malformed-request': {
    status: 400,
    title: 'The request cannot be read',
    meaning: 'The request is not valid HTTP, its body not valid JSON, or its text not valid UTF-8.',
    remedy: 'Correct what `detail` names.',
  },
  unauthorized: {
    status: 401,
    title: 'The API key is missing or not valid for this dataset',
    meaning: "The API key is missing, unknown, revoked, or not the dataset owner's.",
    remedy: "Send a key of the dataset's owner.",
  },
  'not-found': {
    status: 404,
    title: 'There is nothing at this address',
    meaning: 'There is no such dataset, job or page, or the job ended too long ago.',
    remedy: 'Check the address.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed here',
    meaning: 'The address does not allow this method.',
    remedy: 'Use one that `Allow` names.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    meaning: 'The request did not arrive completely in time.',
    remedy: 'Send it again.',
  },
  'not-scheduled': {
    status: 409,
    title: 'The job can no longer be cancelled',
    meaning:
      'A job that has ended cannot be cancelled, nor a running one that changes the dataset.',
    remedy: 'Watch it to its end.',
  },
  'idempotency-in-flight': {
    status: 409,
    title: 'The same request is still being processed',
    meaning: 'A request with this `Idempotency-Key` has not been answered yet.',
    remedy: 'Repeat the request after `Retry-After`.',
  },
  gone: {
    status: 410,
    title: 'The file has expired',
    meaning: 'The file of this export has been deleted, because its time is over.',
    remedy: 'Ask for a new export.',
  },
  'payload-too-large': {
    status: 413,
    title: 'The request body is too large',
    meaning: 'The body has more than 16,384 bytes.',
    remedy: 'Send the parameters and nothing else.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The request body is of the wrong type',
    meaning: 'The body is neither a form nor JSON, not in UTF-8, or compressed.',
    remedy: 'Send a form or JSON, uncompressed, with its `Content-Type`.',
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The file has no such range',
    meaning: 'The range that `Range` asks for begins behind the end of the file.',
    remedy: 'Ask for a range within the size that `Content-Range` names.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key was already used for another request',
    meaning: 'The `Idempotency-Key` was already used for a request with other parameters.',
    remedy: 'Use a new key for each job.',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests',
    meaning: 'The key or the address has sent more requests in a minute than allowed.',
    remedy: 'Try again after `Retry-After`.',
  },
  'too-many-open-jobs': {
    status: 429,
    title: 'The dataset has too many unfinished jobs',
    meaning: 'The dataset has reached its limit of unfinished jobs.',
    remedy: 'Wait for some to end, or cancel some.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The request line and headers are too large',
    meaning: 'The request line and the headers have more than 16,384 bytes.',
    remedy: 'Send fewer or shorter headers.',
  },
  'internal-error': {
    status: 500,
    title: 'The service failed',
    meaning: 'The service has a fault.',
    remedy: 'Tell the operators the id in `X-Request-Id`.',
  },
  unavailable: {
    status: 503,
    title: 'The service is temporarily unavailable',
    meaning: 'The service is overloaded, or cannot reach what it depends on.',
    remedy: 'Repeat the request after `Retry-After`, with the same `Idempotency-Key`.',
  },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof errorCatalog;

/** The `type` of an error's problem document. It is stable, and is not an address. */
export const problemType = (code: ErrorCode): string => `urn:kasabi:problem:${code}`;
