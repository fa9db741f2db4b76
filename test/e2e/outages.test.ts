// What clients of the two HTTP services see while Postgres or Redis is away, and when it is back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Answer, ask, assertRefused, untilEnded } from '@kasabi/test/support/client';
import { type PrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import { waitFor } from '@kasabi/test/support/wait-for';

let stack: PrivateStack;

before(async () => {
  stack = await startPrivateStack();
});
after(() => stack?.stop());

const submit = (): Promise<Answer> =>
  ask(`${stack.api.url}/dataset/nasa/jobs?jobType=reset`, {
    method: 'POST',
    headers: { X_KASABI_APIKEY: stack.key },
    signal: AbortSignal.timeout(10_000),
  });

const ready = async (url: string): Promise<[number, string]> => {
  const { status, text } = await ask(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
  return [status, text];
};

/** What was found is told for a second. */
async function untilReady(url: string, answer: [number, string]): Promise<void> {
  let last: [number, string] | undefined;
  await waitFor(
    async () => {
      last = await ready(url);
      return isDeepStrictEqual(last, answer);
    },
    { what: `${url} to answer ${JSON.stringify(answer)}`, timeoutMs: 15_000 },
  ).catch((error) => assert.deepEqual(last, answer, String(error)));
}

async function accepted(): Promise<string> {
  const answer = await submit();
  assert.equal(answer.status, 202, answer.text);
  return answer.text;
}

/** The slowest of five accepts, in milliseconds. */
async function slowestAccept(): Promise<number> {
  let slowest = 0;
  for (let round = 0; round < 5; round += 1) {
    const began = performance.now();
    await accepted();
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}

describe('while Postgres is away', () => {
  it('requests get 503 with Retry-After and no 5xx else; all is well again without a restart', async () => {
    const before = await accepted();
    await stack.postgres.stop();
    for (const request of [
      submit,
      () => ask(before, { headers: { X_KASABI_APIKEY: stack.key } }),
      () => ask(`${stack.status.url}/dataset/nasa/status`),
    ]) {
      for (let round = 0; round < 3; round += 1) {
        const answer = await request();
        assertRefused(answer, 503, /cannot reach its database .* try again/);
        assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
      }
    }
    for (const { url } of [stack.api, stack.status]) {
      await untilReady(url, [503, 'Postgres does not answer\n']);
      assert.equal((await ask(`${url}/healthz`)).status, 200);
    }
    await stack.postgres.start();
    const job = await untilEnded(await accepted(), stack.key, 30_000);
    assert.equal(job.status, 'completed');
    assert.equal((await untilEnded(before, stack.key, 30_000)).status, 'completed');
    for (const { url } of [stack.api, stack.status]) {
      await untilReady(url, [200, 'ready\n']);
    }
  });
});

describe('while Redis is away', () => {
  it('jobs are accepted as fast as ever, and run when it is back', async () => {
    await accepted();
    const usual = await slowestAccept();
    await stack.redis.stop();
    // It accepts, and that is what it is there for; a worker can do nothing.
    await untilReady(stack.api.url, [200, 'ready\nRedis does not answer\n']);
    await untilReady(stack.worker.url, [503, 'Redis does not answer\n']);
    const slowest = await slowestAccept();
    assert.ok(slowest < usual + 250, `${slowest} ms, where ${usual} ms are usual`);
    const waiting = await accepted();
    await stack.redis.start();
    assert.equal((await untilEnded(waiting, stack.key, 30_000)).status, 'completed');
    for (const { url } of [stack.api, stack.worker]) await untilReady(url, [200, 'ready\n']);
  });

  it('jobs are accepted as fast as ever when it is there but does not answer', async () => {
    await accepted();
    process.kill(stack.redis.pid(), 'SIGSTOP');
    try {
      // The first to wait for Redis in vain may pay for finding out.
      await slowestAccept();
      const slowest = await slowestAccept();
      assert.ok(slowest < 500, `${slowest} ms`);
      await untilReady(stack.api.url, [200, 'ready\nRedis does not answer\n']);
    } finally {
      process.kill(stack.redis.pid(), 'SIGCONT');
    }
    assert.equal((await untilEnded(await accepted(), stack.key, 30_000)).status, 'completed');
  });
});
