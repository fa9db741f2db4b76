import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createRedis, type TestRedis } from '@kasabi/test/support';
import { createBeatMarkStore } from './beat-mark.ts';
import { connect } from './connection.ts';
import { createEpoch } from './epoch.ts';
import type { RedisConnection } from './open.ts';
import { sweepUntagged } from './untagged.ts';

let testRedis: TestRedis;
let redis: RedisConnection;

beforeEach(async () => {
  testRedis = await createRedis();
  redis = await connect({ url: testRedis.url, name: 'untagged', onError: () => undefined });
  const runId = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1] ?? '';
  // As the version before leaves it.
  await redis.set('kj:epoch', runId);
  await redis.set('kj:beat', '7 1000');
  await redis.set('kj:health', '1', 'PX', 60_000);
  await redis.zadd('kj:jobs:delayed', 1, 'x');
  for (let n = 0; n < 2_500; n += 1) void redis.hset(`kj:jobs:${n}`, 'name', 'jobs');
  await redis.set('kj:rate:key:x', 1);
});

afterEach(async () => {
  redis.disconnect();
  await testRedis.close();
});

test('the marker of the version before says that nothing is lost, and that all is to be handed over', async () => {
  const epoch = createEpoch(redis);
  assert.deepEqual([await epoch.lostData(), epoch.hasMoved()], [true, true]);
  await epoch.acknowledgeData();
  assert.deepEqual([await epoch.lostData(), epoch.hasMoved()], [false, false]);
  await redis.del('{kj}:epoch');
  await redis.set('kj:epoch', 'of-another-run');
  assert.deepEqual([await epoch.lostData(), epoch.hasMoved()], [true, false], 'a loss');
});

test('the newer of both marks of the beat counts', async () => {
  const marks = createBeatMarkStore(redis);
  assert.deepEqual(await marks.readMark(), { beats: 7, at: 1_000 });
  await marks.writeMark({ beats: 6, at: 900 });
  assert.deepEqual(await marks.readMark(), { beats: 7, at: 1_000 });
  await marks.writeMark({ beats: 8, at: 1_100 });
  assert.deepEqual(await marks.readMark(), { beats: 8, at: 1_100 });
});

test('its keys go when nobody uses them any more and everything was handed over, and no others', async () => {
  assert.equal(await sweepUntagged(redis), 'in use', 'a process of the version before runs');
  await redis.del('kj:health');
  assert.equal(await sweepUntagged(redis), 'in use', 'nothing was handed over yet');
  assert.equal(await redis.exists('kj:jobs:delayed', 'kj:epoch'), 2);
  await createEpoch(redis).lostData();
  await redis.set('{kj}:epoch', 'known');
  await redis.hset('{kj}:j:x', 'name', 'j');
  assert.deepEqual(await sweepUntagged(redis), { removed: 2_501 });
  const left = (await redis.keys('*')).filter((key) => key !== '{kj}:health').sort();
  assert.deepEqual(left, ['kj:beat', 'kj:rate:key:x', '{kj}:epoch', '{kj}:j:x']);
  assert.ok((await redis.ttl('kj:beat')) > 0, 'the beat is kept for a while');
  assert.equal(await sweepUntagged(redis), 'none');
});
