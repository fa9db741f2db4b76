import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cursorAfter,
  type ErrorCode,
  errorCatalog,
  InvalidParameter,
  jobListParameters,
  jobRequestParameters,
  parseJobListRequest,
  parseJobRequest,
  problemType,
} from '@kasabi/protocol';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { createOpenApiDocument } from './document.ts';
import type { Operation, Parameter, Reference } from './document-types.ts';
import { exampleValues } from './examples.ts';

const document = createOpenApiDocument({
  apiUrl: 'https://api.example.org/v1',
  statusUrl: 'https://data.example.org',
});

/** Values that are valid or nearly valid for some parameter. */
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

/** The service's error for parameters that it refuses; undefined for those that it accepts. */
function problemOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof InvalidParameter);
    return error.message;
  }
}

const ajv = new Ajv2020({ strict: false });

const schemaOf = (reference: Parameter | Reference): Parameter =>
  '$ref' in reference
    ? (document.components.parameters[reference.$ref.split('/').at(-1) ?? ''] as Parameter)
    : reference;

/** The parameters in the query string of an operation, by name. */
const queryOf = (operation: Operation | undefined) =>
  new Map(
    operation?.parameters
      ?.map(schemaOf)
      .filter((it) => it.in === 'query')
      .map((it) => [it.name, it.schema]),
  );

const submit = queryOf(document.paths['/dataset/{short-code}/jobs']?.post);
const list = queryOf(document.paths['/data/{short-code}/jobs']?.get);

describe('the schemas of the parameters', () => {
  it('name those that requests may have', () => {
    assert.deepEqual(new Set([...submit.keys(), 'apikey']), jobRequestParameters);
    assert.deepEqual(new Set([...list.keys(), 'apikey']), jobListParameters);
    const form = document.components.schemas['JobRequestForm'];
    assert.deepEqual(new Set(Object.keys(form?.properties ?? {})), jobRequestParameters);
  });

  it('allow in a job request what the service accepts, and otherwise only days and seconds that do not exist', () => {
    const anything = fc.record(
      { jobType: fc.oneof(fc.constant('reset'), text), startTime: text },
      { requiredKeys: ['jobType'] },
    );
    const outcomes = new Set<boolean>();
    const isAllowed = ajv.compile(document.components.schemas['JobRequestForm'] ?? {});
    fc.assert(
      fc.property(anything, (parameters) => {
        const allowed = isAllowed(parameters);
        const problem = problemOf(() => parseJobRequest(new Map(Object.entries(parameters))));
        if (problem === undefined) assert.ok(allowed);
        else if (allowed) assert.match(problem, /a day that does not exist|a leap second/);
        outcomes.add(problem === undefined);
      }),
      { examples: examplesOf((startTime) => ({ jobType: 'reset', startTime })) },
    );
    assert.equal(outcomes.size, 2, 'both were tried');
  });

  it('allow in a list request what the service accepts, and nothing else', () => {
    for (const name of ['status', 'jobType', 'limit'] as const) {
      const outcomes = new Set<boolean>();
      const isAllowed = ajv.compile(list.get(name) ?? false);
      fc.assert(
        fc.property(text, (value) => {
          const problem = problemOf(() => parseJobListRequest(new Map([[name, value]])));
          // In JSON, it is a number.
          const given = name === 'limit' && /^\d{1,3}$/.test(value) ? Number(value) : value;
          assert.equal(problem === undefined, isAllowed(given), value);
          outcomes.add(problem === undefined);
        }),
        { examples: examplesOf((value) => value) },
      );
      assert.equal(outcomes.size, 2, `${name}: both were tried`);
    }
  });

  it('allow a cursor as the service gives it', () => {
    assert.ok(ajv.validate(list.get('cursor') ?? false, cursorAfter(exampleValues.job)));
    assert.ok(!ajv.validate(list.get('cursor') ?? true, exampleValues.job));
  });
});

describe('the document', () => {
  it('has every error of the catalog, with what it means and what to do, in some response', () => {
    const responses = JSON.stringify(document.components.responses);
    for (const code of Object.keys(errorCatalog) as ErrorCode[]) {
      const error = document['x-errors'][problemType(code)];
      assert.deepEqual(error, errorCatalog[code]);
      assert.match(`${error?.meaning} ${error?.remedy}`, /^[A-Z].*\. [A-Z].*\.$/);
      assert.ok(responses.includes(`"${problemType(code)}"`), code);
    }
  });

  it('has an id of its own, and something to try, for each operation', () => {
    const operations = Object.values(document.paths).flatMap((item) =>
      [item.get, item.post, item.delete].flatMap((operation) => operation ?? []),
    );
    assert.equal(operations.length, 16);
    assert.equal(new Set(operations.map((it) => it.operationId)).size, operations.length);
    for (const operation of operations) assert.ok(operation['x-codeSamples'].length > 0);
  });
});
