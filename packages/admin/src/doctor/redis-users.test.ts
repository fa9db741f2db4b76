import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { aclRules, connect, type RedisConnection } from '@kasabi/queue';
import { type RedisServer, startRedisServer } from '@kasabi/test/support/redis-server';
import { checkUsers } from './redis-users.ts';

const password = 'of-the-administrator';
let folder: string;
let server: RedisServer;
let admin: RedisConnection;
const open: RedisConnection[] = [];

/** Connects as a service does, with a login. */
async function login(service: string, user: string, secret: string): Promise<RedisConnection> {
  const redis = await connect({
    url: `redis://${user}:${secret}@127.0.0.1:${server.port}`,
    name: `kasabi-${service}`,
    onError: () => undefined,
  });
  open.push(redis);
  return redis;
}

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'kasabi-users-'));
  server = await startRedisServer({
    ...{ folder, password },
    configuration: Object.entries(aclRules).map(
      ([service, rules]) => `user kasabi-${service} on >of-${service} ${rules}`,
    ),
  });
  admin = await login('admin', 'default', password);
});
after(async () => {
  for (const redis of open) redis.disconnect();
  await server?.kill();
  rmSync(folder, { recursive: true });
});

test('who may do what its service needs is not complained of', async () => {
  for (const service of Object.keys(aclRules)) {
    await login(service, `kasabi-${service}`, `of-${service}`);
  }
  const check = await checkUsers(admin);
  assert.deepEqual([check?.status, check?.what], ['ok', 'each may do what its service needs']);
  assert.equal(check?.todo, undefined);
});

test('who may do more is named, with the rules that are enough', async () => {
  const all = await login('worker', 'default', password);
  const check = await checkUsers(admin);
  assert.match(check?.what ?? '', /^worker logs in as default, who may also send FLUSHALL, KEYS/);
  assert.ok(check?.todo?.includes(`ACL SETUSER kasabi-worker on >PASSWORD ${aclRules.worker}`));
  all.disconnect();
});

test('a login that may not see users says nothing of them', async () => {
  assert.equal(await checkUsers(await login('worker', 'kasabi-worker', 'of-worker')), undefined);
});

test('each user reads and writes its own keys, and no others', async () => {
  const [api, worker, operations] = await Promise.all(
    (['api', 'worker', 'operations'] as const).map((it) => login(it, `kasabi-${it}`, `of-${it}`)),
  );
  await api?.set('kj:rate:x', 1);
  await worker?.set('{kj}:x', 1);
  await operations?.set('kj:ended-session:x', 1);
  assert.equal(await operations?.get('{kj}:x'), '1');
  const refused = { message: /^NOPERM/ };
  await assert.rejects(async () => api?.get('kj:ended-session:x'), refused);
  await assert.rejects(async () => worker?.get('kj:rate:x'), refused);
  await assert.rejects(async () => operations?.del('{kj}:x'), refused);
  for (const redis of [api, worker, operations]) {
    await assert.rejects(async () => redis?.flushall(), refused);
    await assert.rejects(async () => redis?.keys('*'), refused);
  }
});
