import * as errors from '@kasabi/protocol';

/** The request that the examples are answers to. */
export const exampleRequestId = '0b8cd1ab-1f4e-4b52-8f39-6f1f0b9d8c11';

/** One error of each kind; its headers are the ones that every error of this kind has. */
export const errorExamples: Readonly<Record<errors.ErrorCode, errors.ApiError>> = {
  'invalid-parameter': new errors.InvalidParameter(
    'jobTyp',
    'jobTyp is not a parameter here; did you mean jobType?',
  ),
  'malformed-request': new errors.MalformedRequest(
    'The request body is not valid JSON; send an object such as {"jobType": "reset"}.',
  ),
  unauthorized: new errors.Unauthorized(),
  'not-found': new errors.JobNotFound('schema'),
  'method-not-allowed': new errors.MethodNotAllowed('PUT', ['GET', 'HEAD', 'DELETE', 'OPTIONS']),
  'request-timeout': new errors.RequestTimeout(),
  'not-scheduled': new errors.NotScheduled('reset', 'running'),
  'idempotency-in-flight': new errors.IdempotencyInFlight(),
  gone: new errors.FileExpired('2026-11-30T13:06:42Z'),
  'range-not-satisfiable': new errors.RangeNotSatisfiable(1_048_576),
  'payload-too-large': new errors.PayloadTooLarge(16_384),
  'unsupported-media-type': new errors.UnsupportedMediaType(
    'Send the parameters as application/x-www-form-urlencoded or application/json, in UTF-8.',
  ),
  'idempotency-key-reused': new errors.IdempotencyKeyReused(),
  'too-many-requests': new errors.TooManyRequests(600, 42),
  'too-many-open-jobs': new errors.TooManyOpenJobs(1_000),
  'headers-too-large': new errors.HeadersTooLarge(16_384),
  'internal-error': new errors.InternalError(exampleRequestId),
  unavailable: new errors.Unavailable(),
};
