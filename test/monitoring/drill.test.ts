// The operator's drill: a fault for each finding, and where it is named. Four systems fall ill at once, because the
// thresholds take their time.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { temporaryExports } from '@kasabi/local';
import { findingCodes, pauseAsOperator, resumeAsOperator } from '@kasabi/operations';
import { KEY_PREFIX } from '@kasabi/queue';
import { type OperatedStack, type StackOptions, startStack, waitFor } from '@kasabi/test/support';
import { untilEnded } from '@kasabi/test/support/client';
import pg from 'pg';
import { startDrill } from './support/drill.ts';
import { drillServers } from './support/drill-servers.ts';
import { inTurn, operations, redis, submit } from './support/drill-steps.ts';
import { operatorPassword } from './support/operator.ts';
import { keptTable, type Row, renderTable } from './support/table.ts';
import { underDrill } from './support/under-drill.ts';

const rows: Row[] = [];
const skewClock = path.join(import.meta.dirname, '../integration/support/skew-clock.cjs');

const idOf = (url: string): string => url.split('/').at(-1) ?? '';

const whereIs = (stack: OperatedStack) => ({
  operationsUrl: stack.operationsUrl,
  databaseUrl: stack.database.url,
  redisUrl: stack.redis.url,
});

const servicesOf = (stack: OperatedStack) => [
  ...[stack.api, stack.status, stack.operations],
  ...stack.workers,
];

const stackUnderDrill = (options: StackOptions) =>
  underDrill(
    () => startStack({ ...options, operatorPassword }),
    (stack) => startDrill(whereIs(stack), servicesOf(stack), rows),
  );

describe('an operator is told', { concurrency: 4 }, () => {
  drillServers(rows);

  describe('of workers and jobs', inTurn, () => {
    const ill = stackUnderDrill({
      workers: 2,
      serviceEnv: {
        worker: { MAX_ATTEMPTS: '1', LOCK_TIMEOUT_MS: '500', SWEEPER_INTERVAL_MS: '1000' },
        operations,
      },
    });

    it('that a clock is off', async () => {
      const { stack, drill } = ill();
      const env = { NODE_OPTIONS: `--require=${skewClock}`, SKEW_MS: '3600000' };
      const wrong = await stack.addWorker(env);
      drill.prometheus.watch([...servicesOf(stack), wrong]);
      await drill.untilNamed('clock-off', 'A worker starts on a host whose clock is an hour ahead');
      await wrong.stop();
      drill.prometheus.watch(servicesOf(stack));
      await drill.untilSilent('clock-off');
    });

    it('that the export store cannot be written to', async () => {
      const { stack, drill } = ill();
      const folder = temporaryExports(stack.database.url);
      rmSync(folder, { recursive: true, force: true });
      writeFileSync(folder, 'in its place');
      // Each worker finds it out by itself, and the finding says how many can still write.
      const told = 'SELECT FROM kasabi.worker WHERE store_trouble IS NOT NULL';
      await waitFor(async () => (await stack.database.pool().query(told)).rowCount === 2, {
        what: 'both workers to report it',
        timeoutMs: 60_000,
      });
      await drill.untilNamed('export-store-sick', 'A file stands in the place of the folder');
      rmSync(folder);
      await drill.untilWell();
    });

    it('that a worker is frozen', async () => {
      const { stack, drill } = ill();
      const frozen = stack.workers[1]?.pid ?? assert.fail();
      process.kill(frozen, 'SIGSTOP');
      try {
        await drill.untilNamed('worker-frozen', 'One of two workers is frozen (`SIGSTOP`)');
      } finally {
        process.kill(frozen, 'SIGCONT');
      }
      await drill.untilWell();
    });

    it('that a dataset is locked by a dead job', async () => {
      const { stack, drill } = ill();
      const ended = await submit(stack);
      await untilEnded(ended, stack.key);
      const db = stack.database.pool();
      await db.query(
        `UPDATE kasabi.dataset SET storage_mode = 'read-only', locked_by = $1, locked_at = now()`,
        [idOf(ended)],
      );
      await drill.untilNamed('dataset-abandoned', 'A dataset is locked by a job that has ended');
      await db.query('SELECT kasabi.release_abandoned_lock(id, locked_by) FROM kasabi.dataset');
      await drill.untilWell();
    });

    it('that a job waits for a writer', async () => {
      const { stack, drill } = ill();
      const writer = new pg.Client({
        connectionString: stack.database.url,
        application_name: 'forgotten',
      });
      await writer.connect();
      try {
        await writer.query(`BEGIN; INSERT INTO store.quads_1 VALUES ('a', 'b', 'c')`);
        await submit(stack);
        // The minutes are not waited for.
        const earlier = `UPDATE kasabi.job SET busy_since = busy_since - interval '3 min' WHERE busy_since > now() - interval '2 min'`;
        const db = stack.database.pool();
        await waitFor(async () => ((await db.query(earlier)).rowCount ?? 0) > 0, {
          what: 'an attempt that finds the dataset busy',
        });
        await drill.untilNamed(
          'dataset-busy',
          'A transaction with a write to the dataset is left open',
        );
      } finally {
        await writer.end();
      }
      await drill.untilWell();
    });

    it('that a job always fails', async () => {
      const { stack, drill } = ill();
      const db = stack.database.pool();
      await db.query('REVOKE TRUNCATE, DELETE ON ALL TABLES IN SCHEMA store FROM kasabi_worker');
      await submit(stack);
      await drill.untilNamed(
        'job-fails',
        'A reset of a dataset whose table the workers may not clear',
      );
    });

    it('that no worker runs', async () => {
      const { stack, drill } = ill();
      for (const worker of stack.workers) await worker.kill();
      await drill.untilNamed('no-worker', 'Both workers are killed');
    });
  });

  describe('of the queue', inTurn, () => {
    const worker = { WORKER_CONCURRENCY: '1', LOCK_TIMEOUT_MS: '600000' };
    const ill = stackUnderDrill({ serviceEnv: { worker, operations } });

    it('that due jobs wait', async () => {
      const { stack, drill } = ill();
      const writer = new pg.Client({ connectionString: stack.database.url });
      await writer.connect();
      try {
        await writer.query(`BEGIN; INSERT INTO store.quads_1 VALUES ('a', 'b', 'c')`);
        for (let jobs = 0; jobs < 5; jobs += 1) await submit(stack);
        await drill.untilNamed(
          'queue-backlog',
          "Five jobs are due; the one place is taken by a job that waits for a dataset's writer",
        );
      } finally {
        await writer.end();
      }
      await drill.untilWell();
    });
  });

  describe('of what runs beside the jobs', inTurn, () => {
    const ill = stackUnderDrill({ serviceEnv: { operations } });

    it('that the relay has stopped', async () => {
      const { stack, drill } = ill();
      const key = `${KEY_PREFIX}:epoch`;
      const { url } = stack.redis;
      const kept = await redis(url, (client) => client.get(key));
      assert.ok(kept);
      // At once: in between, the relay would write its own again.
      await redis(url, (client) =>
        client.multi().del(key).rpush(key, 'not what the relay reads').exec(),
      );
      await drill.untilNamed(
        'relay-stopped',
        "Every round of the relay fails: another program has taken its marker's key in Redis",
      );
      await redis(url, (client) => client.set(key, kept));
      await drill.untilWell();
    });

    it('that jobs are paused', async () => {
      const { stack, drill } = ill();
      const db = stack.database.pool();
      await pauseAsOperator(db, { operatorAddress: '203.0.113.9', reason: 'a migration' });
      await drill.untilNamed('paused', 'An operator pauses all jobs');
      await resumeAsOperator(db, { operatorAddress: '203.0.113.9' });
      await drill.untilWell();
    });

    it('that Postgres was restored', async () => {
      const { stack, drill } = ill();
      const db = stack.database.pool();
      // The first beat after a resume takes Redis's as it is.
      const hasBeaten = 'SELECT FROM kasabi.beat WHERE NOT vouched';
      await waitFor(async () => (await db.query(hasBeaten)).rowCount === 1, {
        what: 'a beat after the resume',
        timeoutMs: 30_000,
      });
      await redis(stack.redis.url, (client) =>
        client.set(`${KEY_PREFIX}:beat`, `1000000 ${Date.now()}`),
      );
      await drill.untilNamed(
        'postgres-restored',
        'Postgres knows nothing of the newest beats that Redis has seen',
      );
      await resumeAsOperator(db, { operatorAddress: '203.0.113.9' });
      await drill.untilWell();
    });

    it('that a service does not run', async () => {
      const { stack, drill } = ill();
      await stack.api.stop();
      await drill.untilFires('KasabiServiceDown');
    });
  });
});

it('the table shows each of them', () => {
  assert.deepEqual(rows.map(({ code }) => code).sort(), [...findingCodes].sort());
  assert.equal(keptTable(rows), renderTable(rows));
});
