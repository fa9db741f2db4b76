import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jobTypeNames } from '@kasabi/domain';
import { InvalidParameter } from './errors.ts';
import { parseJobRequest } from './job-request.ts';

const parse = (parameters: Record<string, string>) =>
  parseJobRequest(new Map(Object.entries(parameters)));

function problemOf(parameters: Record<string, string>) {
  try {
    parse(parameters);
  } catch (error) {
    assert.ok(error instanceof InvalidParameter);
    const { parameter, message, status } = error;
    return { parameter, message, status };
  }
  return assert.fail('there is something wrong with it');
}

describe('parseJobRequest', () => {
  it('reads every job type of the catalog', () => {
    const source = '01a20890-2c31-7b0e-9d55-3f0c7a1be2d4';
    const own = { reset: {}, export: { format: 'nq.gz' }, restore: { source } };
    for (const type of jobTypeNames) {
      assert.deepEqual(parse({ jobType: type, ...(type === 'restore' && { source }) }), {
        ...{ type, startTime: undefined },
        parameters: own[type],
      });
    }
    const url = `https://data.example.org/data/nasa/exports/${source.toUpperCase()}`;
    assert.deepEqual(parse({ jobType: 'restore', source: url }).parameters, { source });
  });

  it('reads the start time', () => {
    assert.deepEqual(parse({ jobType: 'reset', startTime: '2011-05-27T16:30:00+02:00' }), {
      type: 'reset',
      startTime: new Date('2011-05-27T14:30:00Z'),
      parameters: {},
    });
  });

  it('says that jobType is missing and what is possible', () => {
    assert.deepEqual(problemOf({ startTime: '2011-05-27T14:30:00Z' }), {
      parameter: 'jobType',
      message: 'The parameter jobType is missing; it must be reset, export, or restore.',
      status: 400,
    });
  });

  it('says that there is no such jobType, and which one is similar', () => {
    const { parameter, message } = problemOf({ jobType: 'Reset' });
    assert.equal(parameter, 'jobType');
    assert.equal(message, 'There is no such jobType; did you mean reset?');
    for (const jobType of [
      '',
      'constructor',
      '__proto__',
      'delete everything',
      'x'.repeat(10_000),
    ]) {
      assert.match(problemOf({ jobType }).message, /^There is no such jobType; it must be reset/);
    }
  });

  it('reads the parameters of a type, and names one that only another type has', () => {
    assert.deepEqual(parse({ jobType: 'export', format: 'nq' }).parameters, { format: 'nq' });
    assert.deepEqual(problemOf({ jobType: 'export', format: 'zip' }), {
      parameter: 'format',
      message: 'format must be nq.gz or nq.',
      status: 400,
    });
    assert.deepEqual(problemOf({ jobType: 'reset', format: 'nq' }), {
      parameter: 'format',
      message:
        'format is a parameter of export, not of reset; leave it out, or ask for jobType=export.',
      status: 400,
    });
  });

  it('says what is wrong with a startTime, and names it', () => {
    for (const [startTime, problem] of [
      ['', /^startTime is empty; leave it out/],
      ['tomorrow', /^startTime is not a date and time .*: 2027-01-31T14:30:00Z\.$/],
      ['2011-05-27T14:30:00', /^startTime has no offset from UTC; add Z/],
      ['2011-02-30T00:00:00Z', /^startTime names a day that does not exist/],
    ] as const) {
      const { parameter, message } = problemOf({ jobType: 'reset', startTime });
      assert.equal(parameter, 'startTime');
      assert.match(message, problem);
    }
  });
});
