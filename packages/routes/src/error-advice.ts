import * as errors from '@kasabi/protocol';

/** The request that the examples are answers to. */
export const exampleRequestId = '0b8cd1ab-1f4e-4b52-8f39-6f1f0b9d8c11';

interface Advice {
  /** When a client meets it. */
  readonly meaning: string;
  /** What the client can do about it. */
  readonly remedy: string;
  /** One of them; its headers are the ones that every error of this kind has. */
  readonly example: errors.ApiError;
}

/** What the documentation says of each error; the compiler asks for the one that is missing. */
export const errorAdvice: Readonly<Record<errors.ErrorCode, Advice>> = {
  'invalid-parameter': {
    meaning: 'A parameter is missing, unknown, given twice, or has a value that is not allowed.',
    remedy: 'Correct the parameter that `detail` names.',
    example: new errors.InvalidParameter(
      'jobTyp',
      'jobTyp is not a parameter here; did you mean jobType?',
    ),
  },
  'malformed-request': {
    meaning: 'The request is not valid HTTP, its body not valid JSON, or its text not valid UTF-8.',
    remedy: 'Correct what `detail` names.',
    example: new errors.MalformedRequest(
      'The request body is not valid JSON; send an object such as {"jobType": "reset"}.',
    ),
  },
  unauthorized: {
    meaning: "The API key is missing, unknown, revoked, or not the dataset owner's.",
    remedy: "Send a key of the dataset's owner.",
    example: new errors.Unauthorized(),
  },
  'not-found': {
    meaning: 'There is no such dataset, job or page, or the job ended too long ago.',
    remedy: 'Check the address.',
    example: new errors.NotFound('The dataset schema has no such job.'),
  },
  'method-not-allowed': {
    meaning: 'The address knows other methods.',
    remedy: 'Use one that `Allow` names.',
    example: new errors.MethodNotAllowed('PUT', ['GET', 'HEAD', 'DELETE', 'OPTIONS']),
  },
  'request-timeout': {
    meaning: 'The request did not arrive in full in time.',
    remedy: 'Send it again.',
    example: new errors.RequestTimeout(),
  },
  'not-scheduled': {
    meaning: 'A job that is running or has ended cannot be cancelled.',
    remedy: 'Watch it to its end.',
    example: new errors.NotScheduled('running'),
  },
  'idempotency-in-flight': {
    meaning: 'A request with this `Idempotency-Key` has not been answered yet.',
    remedy: 'Repeat the request after `Retry-After`.',
    example: new errors.IdempotencyInFlight(),
  },
  'payload-too-large': {
    meaning: 'The body has more than 16,384 bytes.',
    remedy: 'Send the parameters and nothing else.',
    example: new errors.PayloadTooLarge(16_384),
  },
  'unsupported-media-type': {
    meaning: 'The body is neither a form nor JSON, not in UTF-8, or compressed.',
    remedy: 'Send the type that its `Content-Type` says, uncompressed.',
    example: new errors.UnsupportedMediaType(
      'Send the parameters as application/x-www-form-urlencoded or application/json, in UTF-8.',
    ),
  },
  'idempotency-key-reused': {
    meaning: 'The `Idempotency-Key` stood for a request with other parameters.',
    remedy: 'Take a new key for each job.',
    example: new errors.IdempotencyKeyReused(),
  },
  'too-many-requests': {
    meaning: 'The key or the address has sent more requests in a minute than it may.',
    remedy: 'Go on after `Retry-After`.',
    example: new errors.TooManyRequests(600, 42),
  },
  'too-many-open-jobs': {
    meaning: 'The dataset has as many unfinished jobs as it may have.',
    remedy: 'Wait for some to end, or cancel some.',
    example: new errors.TooManyOpenJobs(1_000),
  },
  'headers-too-large': {
    meaning: 'The request line and the headers have more than 16,384 bytes.',
    remedy: 'Send fewer.',
    example: new errors.HeadersTooLarge(16_384),
  },
  'internal-error': {
    meaning: 'The service has a fault.',
    remedy: 'Tell the operators the id in `X-Request-Id`.',
    example: new errors.InternalError(exampleRequestId),
  },
  unavailable: {
    meaning: 'The service has too much to do, or does not reach what it depends on.',
    remedy: 'Repeat the request after `Retry-After`, with the same `Idempotency-Key`.',
    example: new errors.Unavailable(),
  },
};
