import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import type { Delivery } from '@kasabi/domain';
import { createRedis, type TestRedis, waitFor } from '@kasabi/test/support';
import { createGate, type Gate } from '@kasabi/test/support/gate';
import { Queue } from 'bullmq';
import { connect } from './connection.ts';
import { type Consumer, type ConsumerOptions, createConsumer } from './consumer.ts';
import { deliveryId } from './delivery-id.ts';
import { redisTrouble } from './health.ts';
import { KEY_PREFIX, QUEUE_NAME } from './names.ts';
import type { RedisConnection } from './open.ts';
import { createProducer, type Producer } from './producer.ts';

let testRedis: TestRedis;
let gate: Gate;
let redis: RedisConnection;
let producer: Producer;
let consumers: Consumer[];
let delivered: { readonly jobId: string; readonly at: number }[];

beforeEach(async () => {
  testRedis = await createRedis();
  gate = await createGate(testRedis.url);
  redis = await connect({ url: gate.url, name: 'test', onError: () => undefined });
  producer = createProducer(redis, () => undefined);
  consumers = [];
  delivered = [];
});

afterEach(async () => {
  gate.open();
  await Promise.all(consumers.map((consumer) => consumer.close(1_000)));
  redis.disconnect();
  await gate.close();
  await testRedis.close();
});

function consume(options: Partial<ConsumerOptions> = {}): Consumer {
  const consumer = createConsumer({
    ...{ url: gate.url, name: 'test', concurrency: 3, lockMs: 5_000 },
    onError: () => undefined,
    ...options,
    process: async (jobId) => {
      delivered.push({ jobId, at: Date.now() });
      return (await options.process?.(jobId)) ?? 'done';
    },
  });
  consumers.push(consumer);
  return consumer;
}

const delivery = (dueInMs: number, fields: Partial<Delivery> = {}): Delivery => {
  return { jobId: randomUUID(), attempt: 0, due: Date.now() + dueInMs, ...fields };
};

const seen = (jobId: string): number => delivered.filter((it) => it.jobId === jobId).length;

test('deliveries come when they are due, not before, and then leave Redis', async () => {
  const all = [delivery(400), delivery(0), delivery(-5_000), delivery(200)];
  await producer.enqueue(all);
  const keysOf = (it: Delivery) => redis.keys(`*:${deliveryId(it)}*`);
  for (const it of all) assert.equal((await keysOf(it)).length, 1);
  consume();
  await waitFor(() => delivered.length === 4, { what: 'all deliveries' });
  for (const { jobId, due } of all) {
    const at = delivered.find((it) => it.jobId === jobId)?.at ?? 0;
    assert.ok(at >= due - 1, `${due - at} ms early`);
    assert.ok(at < Math.max(due, Date.now() - 400) + 400, `${at - due} ms late`);
  }
  for (const it of all) {
    await waitFor(async () => (await keysOf(it)).length === 0, { what: 'Redis to forget' });
  }
});

test('a delivery says its id once, so that it takes no more of Redis than BullMQ’s plain job', async () => {
  const [own, older] = [delivery(60_000), delivery(0)];
  await producer.enqueue([own]);
  const stored = await redis.hgetall(`${KEY_PREFIX}:${QUEUE_NAME}:${deliveryId(own)}`);
  assert.deepEqual(Object.keys(JSON.parse(stored['opts'] ?? '')), ['delay']);
  assert.equal(stored['data'], '{}');

  // As the version before stored it.
  const queue = new Queue(QUEUE_NAME, { connection: redis, prefix: KEY_PREFIX });
  await queue.add(QUEUE_NAME, {}, { jobId: deliveryId(older) });
  await queue.close();
  await producer.enqueue([older]);
  consume();
  await waitFor(() => seen(older.jobId) > 0, { what: 'the older delivery' });
  await producer.ensureDue([own]);
  await waitFor(() => seen(own.jobId) > 0, { what: 'the delivery' });
  assert.deepEqual([seen(older.jobId), seen(own.jobId)], [1, 1]);
});

test('a producer’s slow clock does not move a delivery: its times are Postgres’s', async (t) => {
  const clock = Date.now;
  const asked = delivery(500);
  const slow = t.mock.method(Date, 'now', () => clock() - 3_600_000);
  await producer.enqueue([asked]);
  slow.mock.restore();
  const begun = Date.now();
  consume();
  await waitFor(() => delivered.length === 1, { what: 'the delivery' });
  const waited = Date.now() - begun;
  assert.ok(waited > 300 && waited < 2_500, `${waited}`);
});

test('adding a delivery again changes nothing; that of another attempt is another', async () => {
  const first = delivery(300);
  await producer.enqueue([first]);
  await producer.enqueue([first, { ...first, due: first.due + 60_000 }]);
  await producer.enqueue([{ ...first, attempt: 1 }]);
  consume();
  await waitFor(() => delivered.length === 2, { what: 'both deliveries' });
  const counted = await redis.zcard(`${KEY_PREFIX}:${QUEUE_NAME}:delayed`);
  assert.equal(counted, 0);
  assert.equal(seen(first.jobId), 2);
});

test('assert adds what is missing, promotes what is delayed and leaves the rest', async () => {
  const [missing, delayed] = [delivery(-1_000), delivery(60_000)];
  await producer.enqueue([delayed]);
  await producer.ensureDue([missing, delayed]);
  await producer.ensureDue([missing, delayed]);
  consume();
  await waitFor(() => delivered.length === 2, { what: 'both deliveries' });
  await producer.ensureDue([delivery(60_000)]);
  await waitFor(() => delivered.length === 3, { what: 'the third' });
  assert.equal(seen(missing.jobId) + seen(delayed.jobId), 2);
});

test('a snoozed delivery comes again after that time and blocks no slot meanwhile', async () => {
  const [snoozed, other] = [delivery(0), delivery(0)];
  consume({
    concurrency: 1,
    process: async (jobId) =>
      jobId === snoozed.jobId && seen(jobId) === 1 ? { snooze: 500 } : 'done',
  });
  await producer.enqueue([snoozed]);
  await waitFor(() => seen(snoozed.jobId) === 1, { what: 'the first delivery' });
  await producer.enqueue([other]);
  await waitFor(() => seen(snoozed.jobId) === 2, { what: 'the second delivery' });
  const times = delivered.map((it) => it.at);
  assert.deepEqual(
    delivered.map((it) => it.jobId),
    [snoozed.jobId, other.jobId, snoozed.jobId],
  );
  const pause = (times[2] as number) - (times[0] as number);
  assert.ok(pause >= 499 && pause < 1_500, `${pause}`);
});

test('without Redis, enqueue rejects at once, and works again when Redis is back', async () => {
  await producer.enqueue([delivery(60_000)]);
  gate.shut();
  await waitFor(() => redis.status !== 'ready', { what: 'the connection to break' });
  const begun = performance.now();
  await assert.rejects(producer.enqueue([delivery(0)]));
  assert.ok(performance.now() - begun < 1_500);
  assert.equal((await redisTrouble(redis))?.state, 'unreachable');
  gate.open();
  await waitFor(() => takesWrites(redis), { what: 'Redis to answer' });
  consume();
  await producer.enqueue([delivery(0)]);
  await waitFor(() => delivered.length === 1, { what: 'the delivery' });
});

test('a producer that started without Redis works once Redis is there', async () => {
  gate.shut();
  const late = await connect({ url: gate.url, name: 'late', onError: () => undefined });
  try {
    const patient = createProducer(late, () => undefined);
    await assert.rejects(patient.enqueue([delivery(0)]), { code: 'queue-unavailable' });
    gate.open();
    await waitFor(() => takesWrites(late), { what: 'Redis to answer' });
    await patient.enqueue([delivery(60_000)]);
    assert.equal(await redisCount(), 1);
  } finally {
    late.disconnect();
  }
});

const takesWrites = async (client: RedisConnection) => (await redisTrouble(client)) === undefined;

const redisCount = (): Promise<number> =>
  waitFor(() => redis.zcard(`${KEY_PREFIX}:${QUEUE_NAME}:delayed`), { what: 'a delayed delivery' });

test('a consumer survives a broken connection', async () => {
  consume();
  await producer.enqueue([delivery(0)]);
  await waitFor(() => delivered.length === 1, { what: 'the first delivery' });
  gate.shut();
  await waitFor(() => redis.status !== 'ready', { what: 'the connection to break' });
  gate.open();
  await waitFor(() => takesWrites(redis), { what: 'Redis to answer' });
  await producer.enqueue([delivery(0)]);
  await waitFor(() => delivered.length === 2, { what: 'the second delivery' });
});

test('close waits for current deliveries, but not forever when Redis is away', async () => {
  let finish = (): void => undefined;
  const consumer = consume({
    process: () =>
      new Promise((resolve) => {
        finish = () => resolve('done');
      }),
  });
  await producer.enqueue([delivery(0)]);
  await waitFor(() => delivered.length === 1, { what: 'the delivery' });
  let closed = false;
  const closing = consumer.close(5_000).then(() => {
    closed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(closed, false);
  finish();
  await closing;

  const stranded = consume({ process: () => new Promise(() => undefined) });
  await producer.enqueue([delivery(0)]);
  await waitFor(() => delivered.length === 2, { what: 'the second delivery' });
  gate.shut();
  const begun = performance.now();
  await stranded.close(300);
  assert.ok(performance.now() - begun < 2_000);
});
