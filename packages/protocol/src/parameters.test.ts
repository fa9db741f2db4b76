import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError } from './errors.ts';
import { gatherParameters, type ParameterSources } from './parameters.ts';

const allowed = new Set(['jobType', 'startTime', 'apikey']);

function gather(sources: Partial<ParameterSources>) {
  const { apikey, all } = gatherParameters({ query: '', ...sources });
  try {
    return { parameters: Object.fromEntries(all(allowed)), problem: undefined };
  } catch (problem) {
    assert.ok(problem instanceof ApiError);
    return { parameters: { apikey }, problem };
  }
}

function problemOf(sources: Partial<ParameterSources>): string {
  const { problem } = gather(sources);
  assert.ok(problem, 'there is something wrong with it');
  return problem.message;
}

describe('gatherParameters', () => {
  it('takes them from the query, a form and JSON alike', () => {
    const expected = { jobType: 'reset', startTime: '2011-05-27T14:30:00+02:00' };
    for (const sources of [
      { query: 'jobType=reset&startTime=2011-05-27T14%3A30%3A00%2B02:00' },
      { form: 'jobType=reset&&startTime=2011-05-27T14:30:00%2B02:00&' },
      { json: '{"jobType": "reset", "startTime": "2011-05-27T14:30:00+02:00"}' },
      { query: 'jobType=reset', json: '{"startTime":"2011-05-27T14:30:00+02:00"}' },
    ]) {
      assert.deepEqual(gather(sources), { parameters: expected, problem: undefined });
    }
  });

  it('reads + as a space, and only the first = as the end of a name', () => {
    assert.deepEqual(gather({ query: 'apikey=a+b=c&jobType' }).parameters, {
      apikey: 'a b=c',
      jobType: '',
    });
  });

  it('accepts the same value twice, and null in JSON as left out', () => {
    const json = '{"jobType":"reset","startTime":null}';
    assert.deepEqual(gather({ query: 'jobType=reset&jobType=reset', json }), {
      parameters: { jobType: 'reset' },
      problem: undefined,
    });
  });

  it('refuses two values of one parameter, wherever they come from', () => {
    for (const sources of [
      { query: 'jobType=reset&jobType=other' },
      { query: 'jobType=reset', form: 'jobType=other' },
      { query: 'jobType=reset', json: '{"jobType":"other"}' },
    ]) {
      assert.match(
        problemOf(sources),
        /^The parameter jobType is given twice, .*; send it once\.$/,
      );
    }
    assert.match(problemOf({ json: '{"jobType":"other", "jobType":"reset"}' }), /names .* twice/);
    assert.match(
      problemOf({ json: '{"jobType":"reset", "jobTyp\\u0065":"a,b"}' }),
      /names .* twice/,
    );
  });

  it('does not mistake a comma inside a string for a second member', () => {
    assert.equal(gather({ json: '{"apikey": "a,\\",b", "jobType": "reset"}' }).problem, undefined);
    assert.equal(gather({ json: ' { } ' }).problem, undefined);
  });

  it('names an unknown parameter and the one that was meant', () => {
    assert.equal(
      problemOf({ query: 'jobtype=reset' }),
      'jobtype is not a parameter here; did you mean jobType?',
    );
    assert.equal(
      problemOf({ json: '{"__proto__":{"jobType":"reset"}}' }),
      '__proto__ is not a parameter here; the parameters here are jobType, startTime, apikey.',
    );
    assert.match(
      problemOf({ query: '%3Cscript%3E=1' }),
      /^There is an unknown parameter; the parameters/,
    );
  });

  it('does not look at the value of an unknown parameter', () => {
    const deep = `${'['.repeat(7_000)}${']'.repeat(7_000)}`;
    for (const json of ['{"x":{"toString":1,"valueOf":1}}', `{"x":${deep}}`, '{"x":null}']) {
      assert.match(problemOf({ json }), /^x is not a parameter here/);
    }
  });

  it('asks for strings in JSON', () => {
    for (const value of ['1', 'true', '[]', '{"toString":1}']) {
      assert.equal(
        problemOf({ json: `{"jobType":${value}}` }),
        'The parameter jobType must be a string in JSON.',
      );
    }
  });

  it('says what is wrong with a body that is not a JSON object', () => {
    for (const json of ['', 'jobType=reset', '{"jobType":"reset"', '['.repeat(16_384)]) {
      assert.match(
        problemOf({ json }),
        /^The request body is not valid JSON; send an object such as/,
      );
    }
    for (const json of ['[]', 'null', '"reset"', '1']) {
      assert.match(problemOf({ json }), /is not an object; send an object such as/);
    }
  });

  it('refuses what is not percent-encoded UTF-8, with where it is', () => {
    for (const text of [
      'jobType=%',
      'jobType=%zz',
      'jobType=%ff',
      '%c3%28=x',
      'jobType=%ed%a0%80',
    ]) {
      assert.match(problemOf({ query: text }), /^The query string is not percent-encoded UTF-8/);
      assert.match(problemOf({ form: text }), /^The form is not percent-encoded UTF-8/);
    }
  });

  it('finds the key even if other things are wrong', () => {
    for (const sources of [
      { query: 'jobType=%zz&apikey=k' },
      { query: 'nonsense&apikey=k' },
      { form: 'jobType=a&jobType=b&apikey=k' },
      { json: '{"jobType":1,"apikey":"k"}' },
      { query: 'apikey=k', json: '{' },
    ]) {
      const { parameters, problem } = gather(sources);
      assert.ok(problem);
      assert.equal(parameters['apikey'], 'k');
    }
  });

  it('reports the first of several problems', () => {
    assert.match(problemOf({ query: 'first=1&second=2', json: '[]' }), /^first is not a parameter/);
  });
});
