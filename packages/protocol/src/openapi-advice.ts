import type { ErrorCode } from './errors.ts';

interface Advice {
  /** When a client meets it. */
  readonly meaning: string;
  /** What the client can do about it. */
  readonly remedy: string;
  /** The detail that the example shows. */
  readonly example: string;
}

/** What the documentation says of each error; the compiler asks for the one that is missing. */
export const errorAdvice: Readonly<Record<ErrorCode, Advice>> = {
  'invalid-parameter': {
    meaning: 'A parameter is missing, unknown, given twice, or has a value that is not allowed.',
    remedy: 'Correct the parameter that `detail` names.',
    example: 'jobTyp is not a parameter here; did you mean jobType?',
  },
  'malformed-request': {
    meaning: 'The request is not valid HTTP, its body not valid JSON, or its text not valid UTF-8.',
    remedy: 'Correct what `detail` names.',
    example: 'The request body is not valid JSON; send an object such as {"jobType": "reset"}.',
  },
  unauthorized: {
    meaning: "The API key is missing, unknown, revoked, or not the dataset owner's.",
    remedy: "Send a key of the dataset's owner.",
    example:
      "This needs the API key of the dataset's owner; send it in the header X_KASABI_APIKEY or as the parameter apikey.",
  },
  'not-found': {
    meaning: 'There is no such dataset, job or page, or the job ended too long ago.',
    remedy: 'Check the address.',
    example: 'The dataset schema has no such job.',
  },
  'method-not-allowed': {
    meaning: 'The address knows other methods.',
    remedy: 'Use one that `Allow` names.',
    example: 'PUT is not allowed here; use GET or HEAD or DELETE or OPTIONS.',
  },
  'request-timeout': {
    meaning: 'The request did not arrive in full in time.',
    remedy: 'Send it again.',
    example: 'The request took too long to arrive; send it again, all at once.',
  },
  'not-scheduled': {
    meaning: 'A job that is running or has ended cannot be cancelled.',
    remedy: 'Watch it to its end.',
    example: 'Only a scheduled job can be cancelled; this one is running.',
  },
  'idempotency-in-flight': {
    meaning: 'A request with this `Idempotency-Key` has not been answered yet.',
    remedy: 'Repeat the request after `Retry-After`.',
    example:
      'A request with this Idempotency-Key is being accepted just now; repeat yours in a second.',
  },
  'payload-too-large': {
    meaning: 'The body has more than 16,384 bytes.',
    remedy: 'Send the parameters and nothing else.',
    example: 'The request body is too large: send at most 16384 bytes.',
  },
  'unsupported-media-type': {
    meaning: 'The body is neither a form nor JSON, not in UTF-8, or compressed.',
    remedy: 'Send the type that its `Content-Type` says, uncompressed.',
    example:
      'Send the parameters as application/x-www-form-urlencoded or application/json, in UTF-8.',
  },
  'idempotency-key-reused': {
    meaning: 'The `Idempotency-Key` stood for a request with other parameters.',
    remedy: 'Take a new key for each job.',
    example:
      'This Idempotency-Key stood for a request with other parameters; use a new key for each job.',
  },
  'too-many-requests': {
    meaning: 'The key or the address has sent more requests in a minute than it may.',
    remedy: 'Go on after `Retry-After`.',
    example: 'More than 600 requests came in a minute; go on in 42 seconds.',
  },
  'too-many-open-jobs': {
    meaning: 'The dataset has as many unfinished jobs as it may have.',
    remedy: 'Wait for some to end, or cancel some.',
    example:
      'The dataset has 1000 unfinished jobs, and may not have more; wait for some to end, or cancel some.',
  },
  'headers-too-large': {
    meaning: 'The request line and the headers have more than 16,384 bytes.',
    remedy: 'Send fewer.',
    example: 'The request line and headers are too large; send at most 16384 bytes of them.',
  },
  'internal-error': {
    meaning: 'The service has a fault.',
    remedy: 'Tell the operators the id in `X-Request-Id`.',
    example:
      'The service failed to answer; the operators find the reason under request 0b8cd1ab-1f4e-4b52-8f39-6f1f0b9d8c11.',
  },
  unavailable: {
    meaning: 'The service has too much to do, or does not reach what it depends on.',
    remedy: 'Repeat the request after `Retry-After`, with the same `Idempotency-Key`.',
    example: 'The service cannot reach its database for the moment; try again in a few seconds.',
  },
};
