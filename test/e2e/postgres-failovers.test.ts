// Failovers of Postgres under a steady load: what is answered meanwhile, and how late its jobs start.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool, roleUrl } from '@kasabi/postgres';
import { ask } from '@kasabi/test/support/client';
import {
  type PrivateServer,
  type PrivateStack,
  startPrivateStack,
} from '@kasabi/test/support/private-servers';
import { type Standby, signalServer, startStandby } from '@kasabi/test/support/standby';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';
import { settledJobs } from './support/settled-jobs.ts';
import { startSteadyLoad } from './support/steady-load.ts';

const perSecond = 20;
/** How long the load goes on before a fault, between a fault and the promotion, and after it. */
const [usualMs, untilPromotionMs, recoveryMs] = [2_000, 2_000, 15_000];
/** A job may start so long after the new primary serves. */
const latestMs = 15_000;

const datasets = Array.from({ length: 50 }, (_, n) => `failover-${n}`);

interface World {
  readonly stack: PrivateStack;
  readonly primary: PrivateServer;
  readonly standby: Standby;
  /** All hosts, as the services have them. */
  readonly url: string;
}

const onIdleError = (): void => undefined;

/** Runs `work` with a primary, its standby, and services that know both. */
async function withWorld(
  readsStandby: boolean,
  work: (world: World) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'kasabi-failover-'));
  chmodSync(folder, 0o711);
  let standby: Standby | undefined;
  let url = '';
  const stack = await startPrivateStack({
    datasets,
    settings: { api: { RATE_LIMIT_PER_MINUTE: '0' }, status: { RATE_LIMIT_PER_MINUTE: '0' } },
    async connect(service, { databaseUrl, postgres }) {
      standby ??= await startStandby(postgres, { folder: path.join(folder, 'standby') });
      url = databaseUrl.replace(/(127[^/]+)/, `$1,${new URL(standby.url).host}`);
      if (service !== 'status' || !readsStandby) return { DATABASE_URL: roleUrl(url, service) };
      return {
        DATABASE_URL: roleUrl(standby.url, service),
        DATABASE_PRIMARY_URL: roleUrl(url, service),
      };
    },
  });
  try {
    await work({ stack, primary: stack.postgres, standby: standby as Standby, url });
  } finally {
    await stack.stop();
    await standby?.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Has every commit wait for the standby, so that nothing acknowledged is lost with the primary. */
async function synchronize(url: string): Promise<void> {
  const pool = createPool({ url, applicationName: 'test', onIdleError });
  await pool.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  await pool.query('SELECT pg_reload_conf()');
  await waitFor(
    async () => {
      const { rows } = await pool.query(
        "SELECT FROM pg_stat_replication WHERE sync_state = 'sync'",
      );
      return rows.length === 1;
    },
    { what: 'the standby to be synchronous', timeoutMs: 15_000 },
  );
  await pool.end();
}

/** Asks for the newest job twenty times a second, and collects the answers' statuses. */
function startPolling(stack: PrivateStack, newest: () => string | undefined) {
  const statuses: Promise<number>[] = [];
  const timer = setInterval(() => {
    const url = newest();
    if (url === undefined) return;
    const headers = { X_KASABI_APIKEY: stack.key };
    statuses.push(
      ask(url, { headers }).then(
        ({ status }) => status,
        () => 0,
      ),
    );
  }, 1_000 / perSecond);
  return async (): Promise<number[]> => {
    clearInterval(timer);
    return Promise.all(statuses);
  };
}

/** Breaks something under load, and holds what was promised. `fault` resolves when all is served again. */
async function failOver(t: TestContext, { stack, url }: World, fault: () => Promise<void>) {
  const load = startSteadyLoad(stack, datasets, perSecond);
  const stopPolling = startPolling(stack, load.lastLocation);
  await delay(usualMs);
  await fault();
  const servedAt = Date.now();
  await delay(recoveryMs);
  const sent = await load.stop();
  const polled = await stopPolling();
  const ids = sent.flatMap(({ location }) => location?.split('/').at(-1) ?? []);
  const pool: pg.Pool = createPool({ url, applicationName: 'test', onIdleError });
  try {
    const { late, ...found } = await settledJobs(pool, ids, new Date(servedAt));
    const refused = sent.filter(({ status }) => status !== 202);
    const again = sent.findLast(({ status }) => status !== 202);
    t.diagnostic(
      `${ids.length} jobs accepted, ${refused.length} refused with 503, the last one ` +
        `${again === undefined ? 'never' : `${(again.atMs + again.tookMs).toFixed(0)} ms after the load began`}; ` +
        `${polled.filter((it) => it === 503).length} of ${polled.length} polls 503; the latest job started ` +
        `${late.toFixed(0)} ms after the new primary served, or after its own time`,
    );
    assert.deepEqual(
      [...new Set(sent.map(({ status }) => status))].filter((it) => it !== 503),
      [202],
    );
    assert.ok(refused.every(({ retryAfter }) => /^\d+$/.test(retryAfter ?? '')));
    assert.deepEqual(
      [...new Set(polled)].filter((it) => it !== 503),
      [200],
    );
    assert.ok(ids.length > (perSecond * recoveryMs) / 2_000, `${ids.length} jobs`);
    assert.deepEqual(found, { completed: ids.length, doubled: 0, locked: 0 });
    assert.ok(late <= latestMs, `${late} ms late`);
    return { refused, polled };
  } finally {
    await pool.end();
  }
}

describe('Postgres under 20 jobs a second', () => {
  it('a primary that is killed, and a standby that is promoted', (t) =>
    withWorld(false, async (world) => {
      await synchronize(world.url);
      await failOver(t, world, async () => {
        signalServer(world.primary.pid(), 'SIGKILL');
        await delay(untilPromotionMs);
        await world.standby.promote();
      });
    }));

  it('a primary that is frozen, and a standby that is promoted', (t) =>
    withWorld(false, async (world) => {
      await synchronize(world.url);
      await failOver(t, world, async () => {
        signalServer(world.primary.pid(), 'SIGSTOP');
        await delay(untilPromotionMs);
        await world.standby.promote();
      });
      // Fenced: it must not come back as a second primary.
      signalServer(world.primary.pid(), 'SIGKILL');
    }));

  it('a standby for reads that is killed costs nobody an answer', (t) =>
    withWorld(true, async (world) => {
      const { refused, polled } = await failOver(t, world, async () => {
        signalServer(world.standby.pid(), 'SIGKILL');
      });
      assert.equal(refused.length, 0);
      assert.deepEqual([...new Set(polled)], [200]);
    }));
});
