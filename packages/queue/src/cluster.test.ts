// The queue on servers of its own: a cluster, and one with users.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { startRedisCluster } from '@kasabi/test/support/redis-cluster';
import { startRedisServer } from '@kasabi/test/support/redis-server';
import { waitFor } from '@kasabi/test/support/wait-for';
import { aclRules } from './acl.ts';
import { connect } from './connection.ts';
import { createConsumer } from './consumer.ts';
import { createEpoch } from './epoch.ts';
import { redisTrouble } from './health.ts';
import { readRedisSetup, viewQueue } from './inspect.ts';
import { createProducer } from './producer.ts';

let folder: string;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kasabi-queue-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true });
});

/** Connects, and delivers what is enqueued into `delivered`. */
async function open(url: string) {
  const quiet = { url, name: 'cluster-test', onError: () => undefined };
  const redis = await connect(quiet);
  ends.push(() => redis.disconnect());
  const producer = createProducer(redis, () => undefined);
  const delivered: string[] = [];
  const process = async (jobId: string) => {
    delivered.push(jobId);
    return 'done' as const;
  };
  const consumer = createConsumer({ ...quiet, concurrency: 3, lockMs: 5_000, process });
  ends.push(() => consumer.close(2_000));
  const enqueue = async (): Promise<string> => {
    const jobId = randomUUID();
    await producer.enqueue([{ jobId, attempt: 0, due: Date.now() }]);
    return jobId;
  };
  return { redis, delivered, enqueue };
}

test('on a cluster jobs are delivered, and its epoch asks the node that holds the queue', async () => {
  const cluster = await startRedisCluster({ folder, replicas: false });
  ends.push(cluster.stop);
  const { redis, delivered, enqueue } = await open(cluster.url);
  await waitFor(async () => (await redisTrouble(redis)) === undefined, { what: 'the cluster' });
  const id = await enqueue();
  await waitFor(() => delivered.includes(id), { what: 'the delivery' });

  const epoch = createEpoch(redis);
  assert.equal(await epoch.lostData(), true);
  await epoch.acknowledgeData();
  for (let n = 0; n < 30; n += 1) assert.equal(await epoch.lostData(), false, `look ${n}`);
  assert.deepEqual((await readRedisSetup(redis)).appendOnly, true);
  const view = await viewQueue(redis);
  assert.deepEqual(await view.held(10), []);
  await view.close();
  await (await cluster.owner()).command('FLUSHALL');
  assert.equal(await epoch.lostData(), true, 'a wipe of that node');
});

test('a consumer whose login had no rights at first delivers once it has them', async () => {
  const password = 'of-the-administrator';
  const server = await startRedisServer({ folder, password, configuration: [] });
  ends.push(server.kill);
  const user = ['ACL', 'SETUSER', 'kasabi', 'on', '>of-a-service'] as const;
  await server.command(...user, '~*', '+@connection');
  const { redis, delivered, enqueue } = await open(
    `redis://kasabi:of-a-service@127.0.0.1:${server.port}`,
  );
  assert.equal((await redisTrouble(redis))?.state, 'privilege-missing');
  // Time for the worker to fail.
  await assert.rejects(enqueue());
  await server.command(...user, 'resetkeys', ...aclRules.worker.split(' '));
  await waitFor(async () => (await redisTrouble(redis)) === undefined, { what: 'the rights' });
  const id = await enqueue();
  await waitFor(() => delivered.includes(id), { what: 'the delivery', timeoutMs: 15_000 });
});
