import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { connect, KEY_PREFIX, QUEUE_NAME, type RedisConnection, redisTrouble } from '@kasabi/queue';
import {
  createDatabase,
  createRedis,
  startStack,
  type TestDatabase,
  type TestRedis,
  type TestStack,
  waitFor,
} from '@kasabi/test/support';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { createWatchdog, type Watchdog, type WatchdogOptions } from './watchdog.ts';

const stuckAfterMs = 800;
const stuck = /^jobs are due, but none has been delivered to this worker for \d+ s$/;

const queueAnswers = async (redis: RedisConnection): Promise<boolean> =>
  (await redisTrouble(redis)) === undefined;

describe('a round of the watchdog', () => {
  let database: TestDatabase;
  let server: TestRedis;
  let redis: RedisConnection;
  let datasetId: number;
  before(async () => {
    [database, server] = await Promise.all([createDatabase(), createRedis()]);
    redis = await connect({ url: server.url, name: 'watchdog-test', onError: () => undefined });
    const pool = database.pool();
    await createOwner(pool, 'owner');
    await issueKey(pool, 'owner');
    datasetId = (await createDataset(pool, { code: 'nasa', owner: 'owner' })).id;
  });
  after(async () => {
    redis.disconnect();
    await Promise.all([server.close(), database.close()]);
  });
  beforeEach(() => database.pool().query('DELETE FROM kasabi.job'));

  const addJob = (dueInMs: number) =>
    database.pool().query(
      `INSERT INTO kasabi.job (dataset_id, type, created, start_time, due, requested_by)
       SELECT $1, 'reset', at, at, at, (SELECT id FROM kasabi.api_key)
       FROM (SELECT now() + $2 * interval '1 millisecond' AS at) AS it`,
      [datasetId, dueInMs],
    );

  const create = (change: Partial<WatchdogOptions> = {}): Watchdog =>
    createWatchdog({
      db: database.pool('worker'),
      stuckAfterMs,
      hasRoom: () => true,
      queueAnswers: () => queueAnswers(redis),
      onError: (error) => assert.fail(String(error)),
      ...change,
    });

  /** Does rounds until a watchdog that has everything to complain of does. */
  async function untilStuck(watchdog: Watchdog): Promise<string> {
    return await waitFor(
      async () => {
        await watchdog.loop.runOnce();
        return watchdog.trouble();
      },
      { what: 'the watchdog to notice' },
    );
  }

  it('notices that jobs are due and none is delivered, and takes a delivery for the end of it', async () => {
    await addJob(-60_000);
    const watchdog = create();
    const began = performance.now();
    await watchdog.loop.runOnce();
    assert.equal(watchdog.trouble(), undefined, 'a worker that has just begun');
    assert.match(await untilStuck(watchdog), stuck);
    assert.ok(performance.now() - began > stuckAfterMs);
    assert.equal(await watchdog.watch(async () => 'done')('a-job'), 'done');
    assert.equal(watchdog.trouble(), undefined, 'at once, not with the next round');
    await watchdog.loop.runOnce();
    assert.equal(watchdog.trouble(), undefined, 'the quiet counts from the delivery on');
    assert.match(await untilStuck(watchdog), stuck);
  });

  /** As `queueAnswers` is for a Redis that is not there. */
  async function asksNobody(): Promise<boolean> {
    const away = new Redis({ port: 1, retryStrategy: () => null, lazyConnect: true });
    away.on('error', () => undefined);
    try {
      return await queueAnswers(away);
    } finally {
      away.disconnect();
    }
  }

  let hinders = false;
  for (const [what, change] of [
    ['while this worker has no room', { hasRoom: () => !hinders }],
    [
      'while Redis does not answer',
      { queueAnswers: async () => await (hinders ? asksNobody() : queueAnswers(redis)) },
    ],
  ] as const) {
    it(`is content ${what}, and for as long after that as it would be at first`, async () => {
      await addJob(-60_000);
      hinders = true;
      const hindered = create(change);
      await untilStuck(create());
      await hindered.loop.runOnce();
      assert.equal(hindered.trouble(), undefined);
      hinders = false;
      await hindered.loop.runOnce();
      assert.equal(hindered.trouble(), undefined);
      assert.match(await untilStuck(hindered), stuck);
      hinders = true;
      await hindered.loop.runOnce();
      assert.equal(hindered.trouble(), undefined, 'a restart would help nobody');
    });
  }

  it('is content when nothing is due, or has not been for long', async () => {
    await addJob(3_600_000);
    const watchdog = create();
    await addJob(-60_000);
    await untilStuck(create());
    await database.pool().query('DELETE FROM kasabi.job WHERE due <= now()');
    await watchdog.loop.runOnce();
    assert.equal(watchdog.trouble(), undefined, 'one that is due in an hour');
    await addJob(0);
    await watchdog.loop.runOnce();
    assert.equal(watchdog.trouble(), undefined, 'one that is due just now');
    assert.match(await untilStuck(watchdog), stuck);
  });
});

describe('healthz of a worker', () => {
  let stack: TestStack;
  let queue: Queue;
  before(async () => {
    stack = await startStack({ serviceEnv: { worker: { STUCK_AFTER_MS: '2000' } } });
    queue = new Queue(QUEUE_NAME, { connection: { url: stack.redis.url }, prefix: KEY_PREFIX });
  });
  afterEach(async () => {
    await queue.resume();
  });
  after(async () => {
    await queue?.close();
    await stack?.stop();
  });

  const ask = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`${stack.workers[0]?.url}${path}`);
    return [response.status, (await response.text()).trim()];
  };

  it('fails while its consumer gets nothing though jobs are due, and no longer', async () => {
    // As BullMQ keeps deliveries from a consumer: it is connected, and waits.
    await queue.pause();
    assert.deepEqual(await ask('/healthz'), [200, 'alive']);
    const accepted = await fetch(`${stack.apiUrl}/dataset/${stack.dataset}/jobs`, {
      method: 'POST',
      headers: { X_KASABI_APIKEY: stack.key },
      body: new URLSearchParams({ jobType: 'reset' }),
    });
    assert.equal(accepted.status, 202);
    const [, why] = await waitFor(
      async () => {
        const answer = await ask('/healthz');
        return answer[0] === 503 && answer;
      },
      { what: 'healthz to fail', timeoutMs: 30_000 },
    );
    assert.match(why, stuck);
    assert.equal((await ask('/readyz'))[0], 200, 'Postgres and Redis answer');
    await queue.resume();
    await waitFor(async () => (await ask('/healthz'))[0] === 200, {
      what: 'healthz to pass',
      timeoutMs: 30_000,
    });
  });
});
