import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ErrorCode, errorCatalog } from './error-catalog.ts';
import * as errors from './errors.ts';

/** One of each kind; if a kind is missing here, the last test fails. */
const examples: readonly errors.ApiError[] = [
  new errors.InvalidParameter('jobType', 'The parameter jobType is missing.'),
  new errors.MalformedRequest('The request body is not valid JSON.'),
  new errors.Unauthorized(),
  new errors.NotFound('There is no dataset nasa.'),
  new errors.MethodNotAllowed('PUT', ['GET', 'HEAD', 'OPTIONS']),
  new errors.RequestTimeout(),
  new errors.NotScheduled('reset', 'running'),
  new errors.IdempotencyInFlight(),
  new errors.FileExpired('2026-11-30T13:06:42Z'),
  new errors.PayloadTooLarge(16_384),
  new errors.UnsupportedMediaType('Send JSON.'),
  new errors.RangeNotSatisfiable(10),
  new errors.IdempotencyKeyReused(),
  new errors.TooManyRequests(600, 30),
  new errors.TooManyOpenJobs(1_000),
  new errors.HeadersTooLarge(16_384),
  new errors.InternalError('request-1'),
  new errors.Unavailable(),
  new errors.Overloaded(),
];

describe('the errors of the API', () => {
  it('carry the status of their code', () => {
    assert.deepEqual(
      examples.map((error) => error.status),
      [
        400, 400, 401, 404, 405, 408, 409, 409, 410, 413, 415, 416, 422, 429, 429, 431, 500, 503,
        503,
      ],
    );
  });

  it('have a message of one line that ends like a sentence', () => {
    for (const error of examples) assert.match(error.message, /^[A-Z][^\n]*\.$/);
  });

  it('carry the headers that HTTP asks of their status', () => {
    const headersOf = (code: ErrorCode) => examples.find((it) => it.code === code)?.headers;
    assert.match(headersOf('unauthorized')?.['WWW-Authenticate'] ?? '', /^Bearer realm=/);
    assert.equal(headersOf('method-not-allowed')?.['Allow'], 'GET, HEAD, OPTIONS');
    for (const error of examples.filter(({ status }) => status === 429 || status === 503)) {
      assert.match(error.headers['Retry-After'] ?? '', /^\d+$/);
    }
  });

  it('are all in the catalog, and the catalog has no others', () => {
    assert.deepEqual(
      new Set(examples.map((error) => error.code)),
      new Set(Object.keys(errorCatalog)),
    );
  });
});
