// Failovers of Redis under a steady load: what is answered meanwhile, and how late its jobs start.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceName } from '@kasabi/local';
import { createPool } from '@kasabi/postgres';
import { type PrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import { type RedisCluster, startRedisCluster } from '@kasabi/test/support/redis-cluster';
import { type SentinelGroup, startSentinelGroup } from '@kasabi/test/support/redis-sentinel';
import type { RedisServer } from '@kasabi/test/support/redis-server';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';
import { settledJobs } from './support/settled-jobs.ts';
import { startSteadyLoad } from './support/steady-load.ts';

const perSecond = 20;
/** How long the load goes on before a fault, and after the new primary serves. */
const [usualMs, recoveryMs] = [2_000, 8_000];
/** A job may start so long after the new primary serves. */
const latestMs = 10_000;

const datasets = Array.from({ length: 50 }, (_, n) => `failover-${n}`);

/** What is done to a primary; resolves when it is, and returns what undoes it. */
type Fault = (primary: RedisServer) => Promise<() => Promise<void>>;

const killed: Fault = async (primary) => {
  await primary.kill();
  return () => primary.start();
};

const frozen: Fault = async (primary) => {
  primary.freeze();
  return async () => primary.thaw();
};

interface World {
  readonly stack: PrivateStack;
  readonly pool: pg.Pool;
  /** The server that holds the queue; `except` does not, whatever it says. */
  readonly primary: (except?: RedisServer) => Promise<RedisServer>;
  readonly stop: () => Promise<void>;
}

async function startWorld(
  redis: NodeJS.ProcessEnv,
  primary: World['primary'],
  stopRedis: () => Promise<void>,
): Promise<World> {
  const connect = async (name: ServiceName) => (name === 'status' ? {} : redis);
  const settings = { api: { RATE_LIMIT_PER_MINUTE: '0' } };
  const stack = await startPrivateStack({ datasets, settings, connect });
  const onIdleError = (): void => undefined;
  const pool = createPool({ url: stack.databaseUrl, applicationName: 'test', onIdleError });
  const stop = async (): Promise<void> => {
    await pool.end();
    await stack.stop();
    await stopRedis();
  };
  return { stack, pool, primary, stop };
}

/** Breaks the primary under load, and holds what was promised. */
async function failOver(t: TestContext, world: World, fault: Fault): Promise<void> {
  const { stack, pool } = world;
  const old = await world.primary();
  const load = startSteadyLoad(stack, datasets, perSecond);
  await delay(usualMs);
  const brokeAt = Date.now();
  const undo = await fault(old);
  await waitFor(() => world.primary(old), {
    what: 'another primary',
    timeoutMs: 30_000,
    everyMs: 50,
  });
  const servedAt = Date.now();
  await delay(recoveryMs);
  await undo();
  await delay(usualMs);
  const sent = await load.stop();
  const ids = sent.flatMap(({ location }) => location?.split('/').at(-1) ?? []);
  const { late, ...found } = await settledJobs(pool, ids, new Date(servedAt));
  t.diagnostic(
    `another primary after ${servedAt - brokeAt} ms; of ${ids.length} jobs the latest started ` +
      `${late.toFixed(0)} ms after it, or after its own time`,
  );
  assert.deepEqual([...new Set(sent.map(({ status }) => status))], [202], 'Redis costs no answer');
  assert.ok(ids.length > (perSecond * (usualMs + recoveryMs)) / 1_000, `${ids.length} jobs`);
  assert.deepEqual(found, { completed: ids.length, doubled: 0, locked: 0 });
  assert.ok(late <= latestMs, `${late} ms late`);
}

describe('Redis behind sentinels', () => {
  let folder: string;
  let group: SentinelGroup;
  let world: World;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'kasabi-sentinel-'));
    group = await startSentinelGroup({ folder });
    const redis = { REDIS_URL: group.url, REDIS_SENTINEL_PASSWORD: group.sentinelPassword };
    world = await startWorld(redis, group.master, group.stop);
  });
  after(async () => {
    await world?.stop();
    rmSync(folder, { recursive: true });
  });

  it('a master that is killed', (t) => failOver(t, world, killed));
  it('a master that is frozen, and thaws', (t) => failOver(t, world, frozen));
  it('a master that is demoted, and keeps its connections', (t) =>
    failOver(t, world, async () => {
      await group.demote();
      return async () => undefined;
    }));
});

describe('Redis Cluster', () => {
  let folder: string;
  let cluster: RedisCluster;
  let world: World;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'kasabi-cluster-'));
    cluster = await startRedisCluster({ folder, replicas: true });
    world = await startWorld({ REDIS_URL: cluster.url }, cluster.owner, cluster.stop);
  });
  after(async () => {
    await world?.stop();
    rmSync(folder, { recursive: true });
  });

  it('a master that is killed', (t) => failOver(t, world, killed));
  it('a master that is frozen, and thaws', (t) => failOver(t, world, frozen));
  it('a master that hands over to its replica, and keeps its connections', (t) =>
    failOver(t, world, async (primary) => {
      await cluster.handOver(primary);
      return async () => undefined;
    }));
});
