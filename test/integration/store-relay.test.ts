import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createRelay, release } from '@kasabi/jobs';
import {
  type Consumer,
  connect,
  createConsumer,
  createEpoch,
  createProducer,
  deliveryId,
  jobIdOfDelivery,
  KEY_PREFIX,
  QUEUE_NAME,
  type RedisConnection,
  type Verdict,
} from '@kasabi/queue';
import type { Loop } from '@kasabi/runtime';
import { createRedis, type TestRedis, waitFor } from '@kasabi/test/support';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { createGate, type Gate } from '@kasabi/test/support/gate';

let fixture: Fixture;
let testRedis: TestRedis;
let gate: Gate;
let redis: RedisConnection;
let relay: Loop;
let consumer: Consumer | undefined;
let delivered: string[];

beforeEach(async () => {
  fixture = await createFixture();
  testRedis = await createRedis();
  gate = await createGate(testRedis.url);
  redis = await connect({ url: gate.url, name: 'relay', onError: () => undefined });
  relay = makeRelay(redis);
  delivered = [];
});

afterEach(async () => {
  await consumer?.close(5_000);
  consumer = undefined;
  redis.disconnect();
  await gate.close();
  await testRedis.close();
  await fixture.close();
});

const makeRelay = (connection: RedisConnection): Loop =>
  createRelay({
    db: fixture.worker,
    ...createProducer(connection, () => undefined),
    ...createEpoch(connection),
    ...{
      intervalMs: 1_000,
      horizonMs: 3_600_000,
      overdueMs: 100,
      reassertMs: 30_000,
      batchSize: 100,
    },
    onError: (error) => assert.fail(String(error)),
  });

function consume(process: (jobId: string) => Promise<Verdict>): void {
  consumer = createConsumer({
    ...{ url: testRedis.url, name: 'consumer', concurrency: 5, lockMs: 5_000 },
    onError: () => undefined,
    process: (jobId) => {
      delivered.push(jobId);
      return process(jobId);
    },
  });
}

/** Accepts jobs that an API left to the relay. */
async function accept(count: number, startsInMs: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    ids.push(await fixture.accept(await fixture.addDataset(), startsInMs));
  }
  await fixture.admin.query("UPDATE kasabi.job SET created = created - interval '2 s'");
  return ids;
}

/** The ids that Redis holds as delayed, soonest first. */
const held = async (): Promise<string[]> =>
  (await redis.zrange(`${KEY_PREFIX}:${QUEUE_NAME}:delayed`, '0', '-1')).map(jobIdOfDelivery);

/** The key of a job's first delivery. */
const keyOf = (jobId = ''): string =>
  `${KEY_PREFIX}:${QUEUE_NAME}:${deliveryId({ jobId, attempt: 0 })}`;

test('what an API could not hand over reaches Redis, ids only, and is delivered at its time', async () => {
  const ids = await accept(3, 700);
  await relay.runOnce();
  assert.deepEqual(await held(), ids);
  assert.equal(await redis.hget(keyOf(ids[0]), 'data'), '{}');
  const due = ((await fixture.read(ids[0] as string))['due'] as Date).getTime();
  consume(async () => 'done');
  await waitFor(() => delivered.length === 3, { what: 'all deliveries', everyMs: 2 });
  assert.ok(Date.now() >= due - 1, `${due - Date.now()} ms early`);
  assert.deepEqual([...delivered].sort(), ids);
  await waitFor(async () => (await redis.exists(...ids.map(keyOf))) === 0, {
    what: 'Redis to forget',
  });
});

test('after FLUSHALL everything is back one round later, without being told', async () => {
  const ids = await accept(5, 60_000);
  await relay.runOnce();
  await redis.flushdb();
  await relay.runOnce();
  assert.deepEqual(await held(), ids);
});

test('another relay that starts leaves what Redis holds as it is', async () => {
  const ids = await accept(5, 60_000);
  await relay.runOnce();
  await Promise.all([makeRelay(redis).runOnce(), makeRelay(redis).runOnce()]);
  assert.deepEqual(await held(), ids);
});

test('with Redis away rounds fail and nothing is marked; when it is back all is handed over', async () => {
  const ids = await accept(3, 60_000);
  gate.shut();
  await waitFor(() => redis.status !== 'ready', { what: 'the connection to break' });
  await assert.rejects(relay.runOnce());
  const { rows } = await fixture.admin.query('SELECT FROM kasabi.job WHERE enqueued_at IS NULL');
  assert.equal(rows.length, 3);
  gate.open();
  await waitFor(() => redis.status === 'ready', { what: 'the connection to be back' });
  await relay.runOnce();
  assert.deepEqual(await held(), ids);
});

test('an overdue job that Redis holds as delayed is promoted', async () => {
  const [id = ''] = await accept(1, 60_000);
  await relay.runOnce();
  // As if every worker's clock were an hour behind: due, and still delayed.
  await fixture.admin.query(
    `UPDATE kasabi.job SET created = created - interval '1 h', start_time = now() - interval '1 s',
            due = now() - interval '1 s', enqueued_at = now() - interval '1 h'`,
  );
  consume(async () => 'done');
  await relay.runOnce();
  await waitFor(() => delivered.includes(id), { what: 'the delivery' });
});

test('an overdue job that only Redis lost is delivered', async () => {
  const [id = ''] = await accept(1, 300);
  await relay.runOnce();
  await redis.del(keyOf(id));
  await redis.zrem(`${KEY_PREFIX}:${QUEUE_NAME}:delayed`, deliveryId({ jobId: id, attempt: 0 }));
  consume(async () => 'done');
  const deadline = performance.now() + 5_000;
  while (!delivered.includes(id) && performance.now() < deadline) await relay.runOnce();
  assert.ok(delivered.includes(id));
});

test('a rescued job is delivered though the lost worker’s delivery still looks active', async () => {
  const [id = ''] = await accept(1, 0);
  await relay.runOnce();
  let release = (): void => undefined;
  const frozen = new Promise<Verdict>((resolve) => {
    release = () => resolve('done');
  });
  consume(async () => (delivered.length === 1 ? frozen : 'done'));
  await waitFor(() => delivered.length === 1, { what: 'the first delivery' });
  await fixture.admin.query(
    'UPDATE kasabi.job SET attempt = 1, enqueued_at = NULL, started = now()',
  );
  await relay.runOnce();
  await waitFor(() => delivered.length === 2, { what: 'the second delivery' });
  assert.deepEqual(delivered, [id, id]);
  release();
});

test('a job that is given back comes again at once, though the relay was quicker than its delivery', async () => {
  const [id = ''] = await accept(1, 0);
  await relay.runOnce();
  consume(async (jobId) => {
    const held = await fixture.take(jobId);
    if (delivered.length > 1) return 'done';
    await release(fixture.worker, held);
    // The delivery is still active: Redis drops this one as known, and the record counts as handed over.
    await relay.runOnce();
    return { snooze: 0 };
  });
  await waitFor(() => delivered.length === 2, { what: 'the second delivery', timeoutMs: 3_000 });
  // What was given back does not count.
  await waitFor(async () => (await fixture.read(id))['attempt'] === 1, {
    what: 'the second claim, as the first attempt',
  });
});
