// Counters of several processes, as far as a counter can tell: each has a connection of its own.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedis, type TestRedis, waitFor } from '@kasabi/test/support';
import { Redis } from 'ioredis';
import { createSharedCounter, type SharedCounter } from './shared-counter.ts';

const limit = 500;
/** What a process may count before it settles: 2 % of the limit. */
const share = 10;
let server: TestRedis;
let connections: Redis[];

before(async () => {
  server = await createRedis();
  connections = Array.from({ length: 4 }, () => new Redis(server.url));
  await Promise.all(connections.map((connection) => connection.ping()));
});
after(async () => {
  for (const connection of connections) connection.disconnect();
  await server?.close();
});

const counters = (): SharedCounter[] =>
  connections.map((connection) => createSharedCounter(connection, limit));

/** Counts `times`, one after the other; resolves to how many of them were within the limit. */
async function countWithin(
  counter: SharedCounter,
  subject: string,
  times: number,
): Promise<number> {
  let within = 0;
  for (let n = 0; n < times; n += 1) {
    const { count, resetMs } = await counter.add(subject);
    assert.ok(resetMs > 0 && resetMs <= 60_000);
    if (count <= limit) within += 1;
    if (n % 7 === 0) await sleep(1);
  }
  return within;
}

describe('a counter that processes share', () => {
  it('lets through the limit, and at most its share for each further process', async () => {
    for (const busy of [1, 2, 4]) {
      const subject = `together-${busy}`;
      const all = counters().slice(0, busy);
      const within = await Promise.all(all.map((it) => countWithin(it, subject, limit)));
      const sum = within.reduce((a, b) => a + b, 0);
      assert.ok(sum >= limit, `${sum} are fewer than the limit`);
      assert.ok(sum <= limit + (busy - 1) * share, `${sum} of ${busy} processes`);
      for (const counter of all) assert.equal(await countWithin(counter, subject, 3), 0);
    }
  });

  it('keeps to it when one process begins after another has used it up', async () => {
    const [first, second] = counters() as [SharedCounter, SharedCounter];
    assert.equal(await countWithin(first, 'late', limit), limit);
    const within = await countWithin(second, 'late', limit);
    assert.ok(within <= share, `${within}`);
  });

  it('asks Redis seldom, and tells it a tenth of a second later of what nobody waits for', async () => {
    const [counter, other] = counters() as [SharedCounter, SharedCounter];
    const redis = connections[0] as Redis;
    for (let n = 1; n <= share; n += 1) {
      const counted = counter.add('seldom');
      assert.ok(!(counted instanceof Promise), 'it is counted at once');
      assert.equal(counted.count, n);
    }
    const kept = await waitFor(() => redis.get('kj:rate:seldom'), { what: 'the count in Redis' });
    assert.equal(kept, String(share));
    // The other learns of it with its first settlement.
    for (let n = 0; n <= share; n += 1) await other.add('seldom');
    assert.equal((await other.add('seldom')).count, 2 * share + 2);
  });

  it('begins anew with the window of Redis', async () => {
    const [counter] = counters() as [SharedCounter];
    const redis = connections[0] as Redis;
    assert.equal(await countWithin(counter, 'anew', share + 1), share + 1);
    await redis.del('kj:rate:anew');
    // The next settlement finds that Redis counts from zero, and so does it.
    assert.equal(await countWithin(counter, 'anew', share + 1), share + 1);
    const { count } = await counter.add('anew');
    assert.ok(count <= share + 2, `${count}`);
  });
});
