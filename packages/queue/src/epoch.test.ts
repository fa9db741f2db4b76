import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRedis, type TestRedis } from '@kasabi/test/support';
import { connect } from './connection.ts';
import { createEpoch } from './epoch.ts';
import type { RedisConnection } from './open.ts';

let testRedis: TestRedis;
let redis: RedisConnection;

before(async () => {
  testRedis = await createRedis();
  redis = await connect({ url: testRedis.url, name: 'epoch-test', onError: () => undefined });
});

after(async () => {
  redis.disconnect();
  await testRedis.close();
});

test('an epoch notices its first look and a wipe, and nothing else', async () => {
  const epoch = createEpoch(redis);
  assert.equal(await epoch.lostData(), true);
  assert.equal(await epoch.lostData(), true, 'until it is acknowledged');
  await epoch.acknowledgeData();
  assert.equal(await epoch.lostData(), false);
  assert.equal(await createEpoch(redis).lostData(), false, 'what one acknowledged, all know');
  await redis.flushdb();
  assert.equal(await epoch.lostData(), true);
  await epoch.acknowledgeData();
  assert.equal(await epoch.lostData(), false);
});

test('an epoch cannot be determined while Redis does not answer', async () => {
  const away = await connect({
    url: 'redis://127.0.0.1:1',
    name: 'epoch-test',
    onError: () => undefined,
  });
  await assert.rejects(createEpoch(away).lostData());
  away.disconnect();
});
