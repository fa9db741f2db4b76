import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidParameter } from './errors.ts';
import { cursorAfter, parseJobListRequest } from './job-list-request.ts';

const id = '0199d0a5-7c3e-7b1a-9f00-0123456789ab';
const parse = (parameters: Record<string, string>) =>
  parseJobListRequest(new Map(Object.entries(parameters)));

/** Asserts that a request is refused, for this parameter, in these words. */
function refused(parameters: Record<string, string>, sentence: RegExp): void {
  const [name] = Object.keys(parameters);
  assert.throws(
    () => parse(parameters),
    (error) =>
      error instanceof InvalidParameter && error.parameter === name && sentence.test(error.message),
    JSON.stringify(parameters),
  );
}

describe('a list request', () => {
  it('without parameters asks for the 20 newest jobs', () => {
    const nothing = { status: undefined, jobType: undefined, limit: 20, before: undefined };
    assert.deepEqual(parse({}), nothing);
  });

  it('takes every status, and succeeded for completed', () => {
    for (const status of ['scheduled', 'running', 'completed', 'failed']) {
      assert.equal(parse({ status }).status, status);
    }
    assert.equal(parse({ status: 'succeeded' }).status, 'completed');
    refused({ status: 'complete' }, /did you mean completed\?$/);
    refused({ status: 'Running' }, /did you mean running\?$/);
    refused({ status: '' }, /^status must be one of/);
    refused({ jobType: 'resett' }, /did you mean reset\?$/);
  });

  it('asks for 1 to 100 jobs', () => {
    assert.equal(parse({ limit: '1' }).limit, 1);
    assert.equal(parse({ limit: '100' }).limit, 100);
    for (const limit of ['0', '101', '1000', '-1', '+1', '1.0', ' 1', '', 'all', '٣']) {
      refused({ limit }, /whole number from 1 to 100/);
    }
  });

  it('continues after the cursor of the previous page, which is only an id', () => {
    const cursor = cursorAfter(id);
    assert.match(cursor, /^[\w-]{22}$/);
    assert.equal(parse({ cursor }).before, id);
  });

  it('refuses a cursor that the service did not give, even one that is nearly valid', () => {
    const cursor = cursorAfter(id);
    const nearly = [`${cursor}=`, `${cursor}!`, `!${cursor}`, `${cursor}A`, cursor.slice(1)];
    // The last character has four bits that are not part of the id.
    const odd = `${cursor.slice(0, -1)}${cursor.endsWith('B') ? 'C' : 'B'}`;
    for (const bad of ['', 'x', id, odd, ...nearly]) {
      refused({ cursor: bad }, /follow the Link header, or leave it out/);
    }
  });
});
