// The limit on requests, on two processes that share a Redis.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { issueKey } from '@kasabi/accounts';
import { startStack, type TestService, type TestStack } from '@kasabi/test/support';
import { type Answer, ask, assertRefused, jobsUrl } from '@kasabi/test/support/client';
import { createGate, type Gate } from '@kasabi/test/support/gate';
import { addService } from '@kasabi/test/support/watch-services';
import { Redis } from 'ioredis';

const perMinute = 10;
let stack: TestStack;
let second: TestService;
let cutOff: TestService;
let gate: Gate;
let redis: Redis;

before(async () => {
  // Each of two requests, one from either end of a proxy, may come from an address of its own.
  const env = { RATE_LIMIT_PER_MINUTE: String(perMinute), TRUST_PROXY: '1' };
  stack = await startStack({ workers: 0, serviceEnv: { api: env } });
  gate = await createGate(stack.redis.url);
  second = await addService(stack, 'api', env);
  cutOff = await addService(stack, 'api', { ...env, REDIS_URL: gate.url });
  redis = new Redis(stack.redis.url);
});
after(async () => {
  redis?.disconnect();
  await Promise.all([second?.stop(), cutOff?.stop()]);
  await gate?.close();
  await stack?.stop();
});

let address = 0;
let key = 0;
beforeEach(() => {
  address += 1;
  key += 1;
});

/** A request from the present address with the present key, neither of which has been used before. */
function send(
  init: { readonly headers?: Record<string, string>; readonly body?: string } = {},
  options: { readonly service?: TestService; readonly query?: string } = {},
): Promise<Answer> {
  const { service = stack.api, query = '' } = options;
  return ask(`${jobsUrl(stack).replace(stack.apiUrl, service.url)}${query}`, {
    method: 'POST',
    headers: { 'X-Forwarded-For': `10.0.0.${address}`, ...init.headers },
    body: init.body ?? new URLSearchParams({ jobType: 'reset' }),
  });
}

const withKey = () => ({ headers: { X_KASABI_APIKEY: `secret-${key}` } });
const limitsOf = ({ headers }: Answer) => ({
  policy: headers.get('ratelimit-policy'),
  limit: headers.get('ratelimit'),
  legacy: ['limit', 'remaining', 'reset'].map((it) => headers.get(`ratelimit-${it}`)),
});

describe('the limit on requests a minute', () => {
  it('is told with every answer, and one over it is 429 with Retry-After', async () => {
    for (let left = perMinute - 1; left >= 0; left -= 1) {
      const answer = await send();
      assert.equal(answer.status, 401);
      const { policy, limit, legacy } = limitsOf(answer);
      assert.equal(policy, `"default";q=${perMinute};w=60`);
      const [, remaining, reset] = /^"default";r=(\d+);t=(\d+)$/.exec(limit ?? '') ?? [];
      assert.deepEqual(legacy, [String(perMinute), remaining, reset]);
      assert.equal(Number(remaining), left);
      assert.ok(Number(reset) > 40 && Number(reset) <= 60, `reset in ${reset} s`);
    }
    const refused = await send();
    assertRefused(
      refused,
      429,
      /^More than 10 requests came in a minute; try again in \d+ seconds/,
    );
    const { limit, legacy } = limitsOf(refused);
    assert.match(limit ?? '', /^"default";r=0;t=\d+$/);
    assert.equal(refused.headers.get('retry-after'), legacy[2]);
    assert.equal((await ask(`${stack.apiUrl}/healthz`)).headers.get('ratelimit'), null);
  });

  it('is one over all processes', async () => {
    for (let sent = 0; sent < perMinute; sent += 1) {
      const answer = await send({}, { service: sent % 2 === 0 ? second : stack.api });
      assert.equal(answer.status, 401);
    }
    assert.equal((await send({}, { service: second })).status, 429);
    assert.equal((await send()).status, 429);
  });

  it('is per key, from whatever address and in whatever way the key comes', async () => {
    const { secret } = await issueKey(stack.database.pool(), stack.owner);
    // A key that has opened nothing yet is counted by its process alone.
    await send({ headers: { X_KASABI_APIKEY: secret } }, { query: '?nonsense=1' });
    const ways = [
      () => send({ headers: { X_KASABI_APIKEY: secret } }),
      () => send({ headers: { 'X-Kasabi-Apikey': secret } }),
      () => send({ headers: { Authorization: `Bearer ${secret}` } }),
      () => send({}, { query: `?apikey=${secret}` }),
      () =>
        send({
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
          body: `jobType=reset&apikey=${secret}`,
        }),
    ];
    for (let sent = 0; sent < perMinute; sent += 1) {
      address += 1;
      const answer = await ways[sent % ways.length]?.();
      assert.equal(answer?.status, 202, answer?.text);
      assert.equal(answer?.headers.get('ratelimit-remaining'), String(perMinute - 1 - sent));
    }
    for (const way of ways) {
      address += 1;
      assert.equal((await way()).status, 429);
    }
    key += 1;
    assert.equal((await send(withKey())).status, 401, 'another key is another count');
  });

  it('is per address, whatever the keys, and keys that come in vain leave nothing in Redis', async () => {
    for (let sent = 0; sent < perMinute; sent += 1) {
      key += 1;
      assert.equal((await send(withKey())).status, 401);
    }
    const kept = await redis.dbsize();
    for (let sent = 0; sent < 20; sent += 1) {
      key += 1;
      assert.equal((await send(withKey())).status, 429);
    }
    assert.equal(await redis.dbsize(), kept);
    address += 1;
    assert.equal((await send(withKey())).status, 401, 'another address is another count');
  });

  it('keeps no key in Redis in clear', async () => {
    const { secret } = await issueKey(stack.database.pool(), stack.owner);
    for (let sent = 0; sent < 2; sent += 1) {
      assert.equal((await send({ headers: { X_KASABI_APIKEY: secret } })).status, 202);
    }
    const keys = await redis.keys('kj:rate:*');
    assert.ok(keys.some((name) => /^kj:rate:key:[\w-]{43}$/.test(name)));
    assert.ok(!keys.join().includes(secret), keys.join());
  });

  it('keeps nothing in Redis of keys that open nothing, however many addresses send them', async () => {
    const ofKeys = async () => (await redis.keys('kj:rate:key:*')).length;
    const before = await ofKeys();
    for (let sent = 0; sent < 3 * perMinute; sent += 1) {
      address += 1;
      key += 1;
      assert.equal((await send(withKey())).status, 401);
    }
    assert.equal(await ofKeys(), before);
    key += 1;
    for (let sent = 0; sent <= perMinute; sent += 1) {
      address += 1;
      const { status } = await send(withKey());
      assert.equal(status, sent < perMinute ? 401 : 429, 'one of them is counted all the same');
    }
  });

  it('holds while Redis is away, in each process by itself, and blocks nobody', async () => {
    const options = { service: cutOff };
    assert.equal((await send({}, options)).status, 401);
    gate.shut();
    try {
      const statuses: number[] = [];
      for (let sent = 0; sent < perMinute + 3; sent += 1) {
        const answer = await send({}, options);
        assert.ok(answer.headers.get('ratelimit'));
        statuses.push(answer.status);
      }
      const [passed, refused] = [401, 429].map((it) => statuses.filter((one) => one === it).length);
      // The one before counts as well.
      assert.deepEqual([passed, refused], [perMinute - 1, 4], statuses.join());
    } finally {
      gate.open();
    }
  });

  it('is none with RATE_LIMIT_PER_MINUTE=0, and no answer speaks of it', async () => {
    const unlimited = await addService(stack, 'api');
    try {
      for (let sent = 0; sent < perMinute + 1; sent += 1) {
        const answer = await send({}, { service: unlimited });
        assert.equal(answer.status, 401);
        assert.deepEqual(limitsOf(answer), {
          policy: null,
          limit: null,
          legacy: [null, null, null],
        });
      }
    } finally {
      await unlimited.stop();
    }
  });
});
