import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRetryAfter } from './retry-after.ts';

const read = (value: string, date?: string): number | undefined =>
  readRetryAfter(new Headers({ 'Retry-After': value, ...(date ? { Date: date } : {}) }));

describe('readRetryAfter', () => {
  it('reads seconds', () => {
    assert.equal(read('0'), 0);
    assert.equal(read(' 120 '), 120_000);
  });

  it("reads a date, against the answer's own", () => {
    const sent = 'Fri, 27 May 2011 14:30:00 GMT';
    assert.equal(read('Fri, 27 May 2011 14:30:07 GMT', sent), 7_000);
    assert.equal(read('Friday, 27-May-11 14:30:07 GMT', sent), 7_000);
    assert.equal(read('Fri May 27 14:30:07 2011 GMT', sent), 7_000);
    assert.equal(read('Fri, 27 May 2011 14:29:00 GMT', sent), 0);
  });

  it("reads a date against this machine's clock when there is no other", () => {
    const inTenSeconds = read(new Date(Date.now() + 10_500).toUTCString());
    assert.ok(inTenSeconds !== undefined && inTenSeconds > 9_000 && inTenSeconds <= 10_500);
    assert.equal(read('Fri, 27 May 2011 14:30:07 GMT'), 0);
  });

  it('accepts nothing else', () => {
    assert.equal(readRetryAfter(new Headers()), undefined);
    for (const value of ['', '-1', '1.5', 'soon', '2011-05-27T14:30:00Z', '1e3']) {
      assert.equal(read(value), undefined, value);
    }
  });
});
