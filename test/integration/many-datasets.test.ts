// What a dataset costs when there are many: `npm run test:many` makes 20,000, other runs a few, for the test's sake.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset, quadsTable } from '@kasabi/datasets';
import { freePort, serviceSettings } from '@kasabi/local';
import {
  createDatabase,
  createRedis,
  startService,
  type TestDatabase,
  type TestRedis,
  type TestService,
  waitFor,
} from '@kasabi/test/support';
import { environment } from '../support/env.ts';

const count = Number(environment()['MANY_DATASETS'] ?? 300);
const isMany = count >= 20_000;
/** All go through two sessions, so that each touches many. */
const sessions = 2;

describe(`${count} datasets`, () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let worker: TestService | undefined;
  const ids: number[] = [];

  before(async () => {
    [database, redis] = await Promise.all([createDatabase(), createRedis()]);
    await createOwner(database.pool(), 'owner');
    await issueKey(database.pool(), 'owner');
  });
  after(async () => {
    await worker?.stop();
    await redis?.close();
    await database?.close();
  });

  it('take as long to create at the end as at the beginning, and 4 ms each', async (t) => {
    const took: number[] = [];
    for (let made = 0; made < count; made += 1) {
      const began = performance.now();
      const { id } = await createDataset(database.pool(), { code: `set-${made}`, owner: 'owner' });
      took.push(performance.now() - began);
      ids.push(id);
    }
    const each = Math.min(1_000, Math.floor(count / 3));
    const median = (of: readonly number[]): number =>
      of.toSorted((a, b) => a - b)[of.length >> 1] ?? 0;
    const [first, last, all] = [
      median(took.slice(0, each)),
      median(took.slice(-each)),
      median(took),
    ];
    const figures = [first, last, all].map((it) => it.toFixed(2)).join(', ');
    t.diagnostic(`median ms of the first ${each}, the last ${each}, all: ${figures}`);
    if (!isMany) return;
    assert.ok(last < first * 1.5, figures);
    assert.ok(all <= 4, figures);
  });

  it('are loaded and reset by a worker whose sessions stay below 100 MiB', async (t) => {
    const pool = database.pool();
    for (const id of ids) await pool.query(`INSERT INTO ${quadsTable(id)} VALUES ('s', 'p', 'o')`);
    worker = await startService('worker', {
      ...serviceSettings('worker', await freePort(), {
        databaseUrl: database.url,
        redisUrl: redis.url,
        ...{ apiPublicUrl: 'http://127.0.0.1', statusPublicUrl: 'http://127.0.0.1' },
      }),
      DATABASE_POOL_SIZE: String(sessions),
    });
    const began = performance.now();
    await pool.query(
      `INSERT INTO kasabi.job (dataset_id, type, start_time, due, requested_by)
       SELECT d.id, 'reset', now(), now(), k.id FROM kasabi.dataset d CROSS JOIN kasabi.api_key k`,
    );
    let largest = 0;
    const pids = new Set<number>();
    await waitFor(
      async () => {
        const { rows } = await pool.query<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE application_name = 'kasabi-worker'",
        );
        for (const { pid } of rows) {
          pids.add(pid);
          largest = Math.max(largest, privateMemory(pid));
        }
        const { rows: left } = await pool.query(
          "SELECT FROM kasabi.job WHERE status <> 'completed' LIMIT 1",
        );
        return left.length === 0;
      },
      { what: 'all resets', timeoutMs: 60_000 + count * 100, everyMs: 200 },
    );
    const seconds = (performance.now() - began) / 1_000;
    const mebibytes = largest / 1_024;
    t.diagnostic(
      `${Math.round(count / seconds)} resets a second; the largest of ${pids.size} sessions had ${mebibytes.toFixed(0)} MiB`,
    );
    assert.ok(largest > 0);
    assert.ok(mebibytes <= 100, `${mebibytes} MiB`);
    for (const id of [ids[0], ids.at(-1)]) {
      const { rows: found } = await pool.query(`SELECT FROM ${quadsTable(id ?? 0)} LIMIT 1`);
      assert.equal(found.length, 0);
    }
  });
});

/** What a process has for itself, in KiB; 0 if it has ended. */
function privateMemory(pid: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}
