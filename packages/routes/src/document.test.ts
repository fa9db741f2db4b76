import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ErrorCode,
  errorCatalog,
  jobListParameters,
  jobRequestParameters,
  parseJobListRequest,
  parseJobRequest,
  problemType,
} from '@kasabi/protocol';
import fc from 'fast-check';
import { createOpenApiDocument } from './document.ts';
import { componentSchemas, jobListParts, jobRequestParts } from './schemas.ts';

const document = createOpenApiDocument({
  apiUrl: 'https://api.example.org/v1',
  statusUrl: 'https://data.example.org',
});

/** Values that are right or nearly right for some parameter. */
const known = [
  ...['reset', 'Reset', 'completed', 'succeeded', 'done', '', '1', '100', '101', '1e1'],
  ...['2011-05-27T14:30:00Z', '2011-05-27t14:30:60.5+05:30', '2030-02-30T00:00:00Z'],
  ...['2016-12-31T23:59:60Z', '2011-05-27', '2011-05-27T14:30:00', '2026-11-23T13:06Z'],
];

const text = fc.oneof(fc.constantFrom(...known), fc.string());

/** One example for each known value: left to chance, one run in twelve drew no `reset`. */
function examplesOf<T>(example: (value: string) => T): [T][] {
  return known.map((value) => [example(value)]);
}

function isRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

describe('the schemas of the parameters', () => {
  it('name those that requests may have', () => {
    assert.deepEqual(new Set(Object.keys(jobRequestParts)), jobRequestParameters);
    assert.deepEqual(new Set([...Object.keys(jobListParts), 'apikey']), jobListParameters);
  });

  it('allow in a job request what the service accepts, and nothing else', () => {
    const anything = fc.record(
      { jobType: fc.oneof(fc.constant('reset'), text), startTime: text },
      { requiredKeys: ['jobType'] },
    );
    const outcomes = new Set<boolean>();
    fc.assert(
      fc.property(anything, (parameters) => {
        const allowed = componentSchemas.JobRequestForm.safeParse(parameters).success;
        const asked = new Map(Object.entries(parameters));
        assert.equal(
          isRead(() => parseJobRequest(asked)),
          allowed,
        );
        outcomes.add(allowed);
      }),
      { examples: examplesOf((startTime) => ({ jobType: 'reset', startTime })) },
    );
    assert.equal(outcomes.size, 2, 'both were tried');
  });

  it('allow in a list request what the service accepts, and nothing else', () => {
    for (const name of ['status', 'jobType', 'limit'] as const) {
      const outcomes = new Set<boolean>();
      const accepts = (value: string): boolean =>
        isRead(() => parseJobListRequest(new Map([[name, value]])));
      fc.assert(
        fc.property(text, (value) => {
          // Zod reads numbers in more ways than the service does.
          const plain = name !== 'limit' || /^\d{1,3}$/.test(value);
          const allowed = plain && jobListParts[name].safeParse(value).success;
          assert.equal(accepts(value), allowed, value);
          outcomes.add(allowed);
        }),
        { examples: examplesOf((value) => value) },
      );
      assert.equal(outcomes.size, 2, `${name}: both were tried`);
    }
  });
});

describe('the document', () => {
  it('has every error of the catalog, with what it means and what to do, in some response', () => {
    const responses = JSON.stringify(document.components.responses);
    for (const code of Object.keys(errorCatalog) as ErrorCode[]) {
      const error = document['x-errors'][problemType(code)];
      assert.deepEqual([error?.status, error?.title], Object.values(errorCatalog[code]));
      assert.match(`${error?.meaning} ${error?.remedy}`, /^[A-Z].*\. [A-Z].*\.$/);
      assert.ok(responses.includes(`"${problemType(code)}"`), code);
    }
  });

  it('has an id of its own, and something to try, for each operation', () => {
    const operations = Object.values(document.paths).flatMap((item) =>
      [item.get, item.post, item.delete].flatMap((operation) => operation ?? []),
    );
    assert.equal(operations.length, 15);
    assert.equal(new Set(operations.map((it) => it.operationId)).size, operations.length);
    for (const operation of operations) assert.ok(operation['x-codeSamples'].length > 0);
  });
});
