// A Redis that answers and takes no writes: jobs are accepted and wait, everybody names the state, and they run
// when it is over, without a restart of anything.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type ServerHandle, startRedis } from '@kasabi/local';
import { ask, untilEnded } from '@kasabi/test/support/client';
import { scrape } from '@kasabi/test/support/metrics';
import { waitFor } from '@kasabi/test/support/wait-for';
import { Redis } from 'ioredis';
import { type SickWorld, startSickWorld } from './support/sick-world.ts';

let world: SickWorld;
/** Another Redis, which is to be the master later. */
let other: ServerHandle;
const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-redis-'));

before(async () => {
  world = await startSickWorld();
  other = await startRedis({ dir: folder, password: new URL(world.stack.redisUrl).password });
});
after(async () => {
  await world?.stop();
  await other?.stop();
  rmSync(folder, { recursive: true });
});

/** Runs commands on a server itself, past the gate. */
async function command(url: string, ...commands: readonly (readonly string[])[]): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    for (const [name = '', ...rest] of commands) await client.call(name, ...rest);
  } finally {
    client.disconnect();
  }
}

const replicaOf = (url: string): string[] => {
  const { hostname, port } = new URL(url);
  return ['REPLICAOF', hostname, port];
};

async function accepted(): Promise<string> {
  const answer = await world.submit();
  assert.equal(answer.status, 202, answer.text);
  return answer.text;
}

/** Jobs are accepted all the same; the api is ready and says what it is without, the worker is not. */
async function untilNamed(said: RegExp): Promise<string> {
  const waiting = await accepted();
  await world.untilReady('worker', 503, said);
  await world.untilReady('api', 200, new RegExp(`^ready\\n${said.source}`));
  return waiting;
}

async function untilRun(job: string): Promise<void> {
  assert.equal((await untilEnded(job, world.stack.key, 60_000)).status, 'completed');
  await world.untilWell();
}

interface Sickness {
  readonly what: string;
  readonly begin: readonly (readonly string[])[];
  readonly end: readonly (readonly string[])[];
  readonly said: RegExp;
}

const login = ['resetkeys', 'resetchannels', '-@all'];

const sicknesses: readonly Sickness[] = [
  {
    what: 'too few replicas',
    begin: [['CONFIG', 'SET', 'min-replicas-to-write', '1']],
    end: [['CONFIG', 'SET', 'min-replicas-to-write', '0']],
    said: /Redis refuses writes because it has too few replicas/,
  },
  {
    what: 'a memory that is full',
    begin: [['CONFIG', 'SET', 'maxmemory', '1']],
    end: [['CONFIG', 'SET', 'maxmemory', '0']],
    said: /Redis refuses writes because its memory is full/,
  },
  {
    what: 'a login without the privileges',
    begin: [['ACL', 'SETUSER', 'default', ...login, '+@connection', '+info', '+acl', '+client']],
    end: [['ACL', 'SETUSER', 'default', 'allkeys', 'allchannels', '+@all']],
    said: /Redis does not let the login of a service do what it needs to/,
  },
];

/** Where Redis keeps its dump. */
async function dumpOf(url: string): Promise<string> {
  const client = new Redis(url);
  try {
    const [, dir = ''] = (await client.config('GET', 'dir')) as string[];
    const [, file = ''] = (await client.config('GET', 'dbfilename')) as string[];
    return path.join(dir, file);
  } finally {
    client.disconnect();
  }
}

test('a dump that cannot be saved: jobs wait, it is named, and they run when it is over', async () => {
  const said = /Redis refuses writes because it cannot save its data to disk/;
  const { redisUrl } = world.stack;
  await untilRun(await accepted());
  const dump = await dumpOf(redisUrl);
  rmSync(dump, { force: true });
  // Neither root nor anybody else can rename a file over a folder that holds something.
  mkdirSync(path.join(dump, 'in-the-way'), { recursive: true });
  let waiting: string;
  try {
    await command(
      redisUrl,
      ['CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes'],
      ['CONFIG', 'SET', 'save', '3600 1'],
      ['BGSAVE'],
    );
    waiting = await untilNamed(said);
    await world.untilDoctorSays('redis-sick', said);
  } finally {
    rmSync(dump, { recursive: true });
    await command(redisUrl, ['BGSAVE']);
  }
  await untilRun(waiting);
  await command(redisUrl, ['CONFIG', 'SET', 'save', '']);
});

test('a replica without its master that answers no reads either, until it is a master', async () => {
  const { redisUrl } = world.stack;
  await untilRun(await accepted());
  await command(
    redisUrl,
    ['CONFIG', 'SET', 'replica-serve-stale-data', 'no'],
    replicaOf('redis://127.0.0.1:1'),
  );
  let waiting: string;
  try {
    waiting = await untilNamed(/Redis is a replica/);
  } finally {
    await command(redisUrl, ['REPLICAOF', 'NO', 'ONE']);
  }
  await untilRun(waiting);
});

for (const { what, begin, end, said } of sicknesses) {
  test(`${what}: jobs wait, it is named, and they run when it is over`, async () => {
    await untilRun(await accepted());
    await command(world.stack.redisUrl, ...begin);
    let waiting: string;
    try {
      waiting = await untilNamed(said);
      await world.untilDoctorSays('redis-sick', said);
    } finally {
      await command(world.stack.redisUrl, ...end);
    }
    await untilRun(waiting);
  });
}

test('demoted with its connections kept, and promoted again', async () => {
  await untilRun(await accepted());
  const { redisUrl, operations, worker } = world.stack;
  const losses = 'kasabi_relay_redis_losses_total';
  const before = (await scrape(worker.url)).value(losses);
  await command(redisUrl, replicaOf('redis://127.0.0.1:1'));
  let waiting: string;
  try {
    waiting = await untilNamed(/Redis is a replica/);
    await world.untilDoctorSays('redis-sick', /Redis is a replica/);
    await waitFor(
      async () =>
        (await scrape(operations.url)).value('kasabi_findings', { code: 'redis-sick' }) === 1,
      { what: 'the page to name it', timeoutMs: 40_000 },
    );
  } finally {
    await command(redisUrl, ['REPLICAOF', 'NO', 'ONE']);
  }
  await untilRun(waiting);
  assert.equal((await scrape(worker.url)).value(losses), before, 'nothing was lost');
});

test('demoted with its connections kept, while its address leads to another that was its replica', async () => {
  const { redisUrl, worker } = world.stack;
  await command(
    other.url,
    ['CONFIG', 'SET', 'masterauth', new URL(redisUrl).password],
    replicaOf(redisUrl),
  );
  await untilRun(await accepted());
  const losses = 'kasabi_relay_redis_losses_total';
  const before = (await scrape(worker.url)).value(losses);
  await command(other.url, ['REPLICAOF', 'NO', 'ONE']);
  world.redis.leadTo(other.url);
  await command(
    redisUrl,
    ['CONFIG', 'SET', 'masterauth', new URL(redisUrl).password],
    replicaOf(other.url),
  );
  const began = performance.now();
  await untilRun(await accepted());
  assert.ok(performance.now() - began < 30_000, `${performance.now() - began} ms`);
  assert.equal((await scrape(worker.url)).value(losses), before + 1, 'counted once');
  const clients = new Redis(redisUrl);
  const list = String(await clients.call('CLIENT', 'LIST'));
  clients.disconnect();
  assert.doesNotMatch(list, /name=kasabi-/, 'nobody is left at the old one');
  assert.equal((await ask(`${world.stack.api.url}/healthz`)).status, 200);
});
