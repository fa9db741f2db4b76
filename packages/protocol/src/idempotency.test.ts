import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MalformedRequest } from './errors.ts';
import { parseIdempotencyKey } from './idempotency.ts';

describe('an Idempotency-Key', () => {
  it('is the same with quotes, as in the draft, and without, as most clients send it', () => {
    for (const key of ['8e03978e-40d5-43dd-bc93-6894a57f9324', 'x', '~!#a,b;c=d', 'a"b']) {
      assert.equal(parseIdempotencyKey(key), key);
      assert.equal(parseIdempotencyKey(`"${key}"`), key);
    }
  });

  it('has 1 to 255 printable ASCII characters', () => {
    const longest = 'k'.repeat(255);
    assert.equal(parseIdempotencyKey(longest), longest);
    assert.equal(parseIdempotencyKey(`"${longest}"`), longest);
    for (const bad of ['', '""', ' ', 'a b', '"a b"', 'a\tb', 'é', '\u0000', `${longest}k`]) {
      assert.throws(() => parseIdempotencyKey(bad), MalformedRequest, JSON.stringify(bad));
    }
  });
});
