import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionFailed, RequestRefused, RequestTimedOut, UnexpectedAnswer } from './errors.ts';
import { isTransient, pauseBefore, withRetries } from './retry.ts';

function refused(status: number, code = `http-${status}`, retryAfterMs?: number): RequestRefused {
  return new RequestRefused(code, {
    status,
    code,
    title: undefined,
    detail: undefined,
    instance: undefined,
    retryAfterMs,
  });
}

describe('isTransient', () => {
  it('is true of errors that may be temporary', () => {
    for (const error of [
      refused(429, 'too-many-requests'),
      refused(503, 'unavailable'),
      refused(502),
      refused(504),
      refused(409, 'idempotency-in-flight'),
      new ConnectionFailed(''),
      new RequestTimedOut(''),
    ]) {
      assert.equal(isTransient(error), true, error.code);
    }
  });

  it('is false of everything else', () => {
    for (const error of [
      refused(400, 'invalid-parameter'),
      refused(401, 'unauthorized'),
      refused(404, 'not-found'),
      refused(408, 'request-timeout'),
      refused(409, 'too-many-open-jobs'),
      refused(429, 'too-many-open-jobs'),
      refused(409, 'not-scheduled'),
      refused(422, 'idempotency-mismatch'),
      refused(500, 'internal-error'),
      new UnexpectedAnswer(''),
      new Error('a mistake'),
    ]) {
      assert.equal(isTransient(error), false, error.message);
    }
  });
});

describe('pauseBefore', () => {
  const [least, most] = [() => 0, () => 1];

  it('doubles, and stops doubling', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 7, 50].map((retry) => pauseBefore(retry, undefined, most)),
      [250, 500, 1_000, 2_000, 15_000, 15_000],
    );
    assert.equal(pauseBefore(3, undefined, least), 500);
  });

  it('is never shorter than the service asks, and not much longer', () => {
    for (const asked of [0, 1_000, 60_000]) {
      assert.equal(pauseBefore(1, asked, least), asked);
      assert.ok(pauseBefore(9, asked, most) <= asked + 1_000);
    }
  });
});

describe('withRetries', () => {
  it('sends once more than it retries, and throws the last error', async () => {
    for (const maxRetries of [0, 2]) {
      let sent = 0;
      const failing = withRetries({ maxRetries }, async () => {
        sent += 1;
        throw refused(503, `try-${sent}`, 0);
      });
      await assert.rejects(failing, { code: `try-${maxRetries + 1}` });
      assert.equal(sent, maxRetries + 1);
    }
  });

  it('throws at once what asks for more than five minutes', async () => {
    let sent = 0;
    const failing = withRetries({ maxRetries: 3 }, async () => {
      sent += 1;
      throw refused(429, 'too-many-requests', 301_000);
    });
    await assert.rejects(failing, { code: 'too-many-requests', retryAfterMs: 301_000 });
    assert.equal(sent, 1);
  });

  it('stops in its pause when the signal aborts', async () => {
    const stop = new AbortController();
    const began = performance.now();
    const failing = withRetries({ maxRetries: 3, signal: stop.signal }, async () => {
      setTimeout(() => stop.abort(new Error('enough')), 20);
      throw refused(503, 'unavailable', 60_000);
    });
    await assert.rejects(failing, { message: 'enough' });
    assert.ok(performance.now() - began < 20_000);
  });
});
