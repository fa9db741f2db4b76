// How many requests may be held, and how many come in a minute, on the status host.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { issueKey } from '@kasabi/accounts';
import { startStack, type TestService, type TestStack, waitFor } from '@kasabi/test/support';
import { ask, assertRefused, inMs, submitForm } from '@kasabi/test/support/client';
import { addService } from '@kasabi/test/support/watch-services';

let stack: TestStack;
let job: string;
const open: AbortController[] = [];

before(async () => {
  stack = await startStack({ workers: 0 });
  const answer = await submitForm(stack, { jobType: 'reset', startTime: inMs(3_600_000) });
  assert.equal(answer.status, 202, answer.text);
  job = new URL(answer.text).pathname;
});
after(async () => {
  for (const client of open) client.abort();
  await stack?.stop();
});

const newKey = async () => (await issueKey(stack.database.pool(), stack.owner)).secret;

/** Has a stream held, for this key, from this address. */
async function stream(service: TestService, key: string, address: string) {
  const client = new AbortController();
  open.push(client);
  const headers = { X_KASABI_APIKEY: key, 'X-Forwarded-For': address };
  const { status } = await fetch(`${service.url}${job}/events`, { headers, signal: client.signal });
  return { status, end: () => client.abort() };
}

const wait = (service: TestService, key: string, address: string) =>
  ask(`${service.url}${job}`, {
    headers: { X_KASABI_APIKEY: key, 'X-Forwarded-For': address, Prefer: 'wait=1' },
  });

it('a key, an address and the process have so many requests held, and more are refused', async () => {
  const service = await addService(stack, 'status', {
    ...{ TRUST_PROXY: '1', MAX_HELD_PER_KEY: '2', MAX_HELD_PER_ADDRESS: '3', MAX_HELD: '5' },
  });
  try {
    const [one, two, three] = [await newKey(), await newKey(), await newKey()];
    const first = await stream(service, one, '10.0.0.1');
    assert.equal((await stream(service, one, '10.0.0.2')).status, 200);
    for (const address of ['10.0.0.1', '10.0.0.9']) {
      const refused = await wait(service, one, address);
      assertRefused(refused, 429, /^This API key already has 2 requests that wait or stream/);
      assert.equal(refused.headers.get('retry-after'), '5');
      assert.equal((await stream(service, one, address)).status, 429);
    }
    const plain = await ask(`${service.url}${job}`, { headers: { X_KASABI_APIKEY: one } });
    assert.equal(plain.status, 200, 'to ask without waiting is no matter');

    assert.equal((await stream(service, two, '10.0.0.1')).status, 200);
    assert.equal((await stream(service, three, '10.0.0.1:4711')).status, 200);
    const full = await wait(service, await newKey(), '10.0.0.1');
    assertRefused(full, 429, /^This address already has 3 requests that wait or stream/);

    assert.equal((await stream(service, two, '10.0.0.3')).status, 200);
    const overloaded = await wait(service, await newKey(), '10.0.0.4');
    assertRefused(overloaded, 503, /overloaded/);

    first.end();
    await waitFor(async () => (await wait(service, one, '10.0.0.1')).status === 200, {
      what: 'a place that became free',
    });
  } finally {
    await service.stop();
  }
});

it('a key and an address have so many requests a minute, and probes are not counted', async () => {
  const service = await addService(stack, 'status', {
    ...{ TRUST_PROXY: '1', RATE_LIMIT_PER_MINUTE: '5' },
  });
  try {
    const get = (path: string, address: string, key?: string) =>
      ask(`${service.url}${path}`, {
        headers: { 'X-Forwarded-For': address, ...(key !== undefined && { X_KASABI_APIKEY: key }) },
      });
    const paths = ['/dataset/nasa/status', '/dataset/nasa.ttl', '/docs', job, '/dataset/x/status'];
    for (const [index, path] of paths.entries()) {
      const answer = await get(path, '[2001:db8::1]:1');
      assert.equal(answer.headers.get('ratelimit-remaining'), String(4 - index), path);
    }
    const refused = await get(job, '2001:db8::ffff', await newKey());
    assertRefused(refused, 429, /^More than 5 requests came in a minute/);
    assert.equal((await get('/dataset/nasa/status', '10.0.0.1')).status, 200);
    const key = await newKey();
    const statuses: number[] = [];
    for (let n = 0; n < 7; n += 1) statuses.push((await get(job, `10.1.0.${n}`, key)).status);
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429]);
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      assert.equal((await get(path, '2001:db8::1')).status, 200, path);
    }
  } finally {
    await service.stop();
  }
});
