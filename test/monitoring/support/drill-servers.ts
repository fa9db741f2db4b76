import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitFor } from '@kasabi/test/support';
import { ask } from '@kasabi/test/support/client';
import { startPrivateStack } from '@kasabi/test/support/private-servers';
import pg from 'pg';
import { startDrill } from './drill.ts';
import { inTurn, operations, redis } from './drill-steps.ts';
import { operatorPassword } from './operator.ts';
import type { Row } from './table.ts';
import { underDrill } from './under-drill.ts';

const inTenMinutes = () => new Date(Date.now() + 600_000).toISOString();

/** The faults of Postgres and Redis themselves. */
export function drillServers(rows: Row[]): void {
  describe('of servers', inTurn, () => {
    const ill = underDrill(
      () => startPrivateStack({ operatorPassword, settings: { operations } }),
      (stack) => {
        const { api, status, operations, worker, databaseUrl, redisUrl } = stack;
        const watched = { operationsUrl: operations.url, databaseUrl, redisUrl };
        return startDrill(watched, [api, status, operations, worker], rows);
      },
    );

    it('that Redis lost its data', async () => {
      const { stack, drill } = ill();
      const { status } = await ask(`${stack.api.url}/dataset/nasa/jobs`, {
        method: 'POST',
        headers: { X_KASABI_APIKEY: stack.key },
        body: new URLSearchParams({ jobType: 'reset', startTime: inTenMinutes() }),
      });
      assert.equal(status, 202);
      const postgres = new pg.Client({ connectionString: stack.databaseUrl });
      await postgres.connect();
      const enqueued = 'SELECT FROM kasabi.job WHERE enqueued_at IS NOT NULL';
      await waitFor(async () => (await postgres.query(enqueued)).rowCount === 1, {
        what: 'Redis to hold the job',
      }).finally(() => postgres.end());
      await redis(stack.redisUrl, (client) => client.flushall());
      await drill.untilNamed(
        'redis-wiped',
        'The data of Redis, with a job in them, are deleted (`FLUSHALL`)',
      );
    });

    it('that Redis is down', async () => {
      const { stack, drill } = ill();
      await stack.redis.stop();
      await drill.untilNamed('redis-down', 'Redis is stopped');
      await stack.redis.start();
      await drill.untilSilent('redis-down');
    });

    it('that Postgres is down', async () => {
      const { stack, drill } = ill();
      await stack.postgres.stop();
      await drill.untilNamed('postgres-down', 'Postgres is stopped');
      await stack.postgres.start();
      await drill.untilSilent('postgres-down');
    });

    it('that Redis takes no writes', async () => {
      const { stack, drill } = ill();
      const needReplicas = (number: number) =>
        redis(stack.redisUrl, (client) => client.config('SET', 'min-replicas-to-write', number));
      await needReplicas(1);
      await drill.untilNamed('redis-sick', 'Redis has fewer replicas than it needs for a write');
      await needReplicas(0);
      await drill.untilSilent('redis-sick');
    });

    it('that Postgres takes no writes', async () => {
      const { stack, drill } = ill();
      const postgres = new pg.Client({ connectionString: stack.databaseUrl });
      await postgres.connect();
      try {
        await postgres.query('ALTER SYSTEM SET default_transaction_read_only = on');
        await postgres.query('SELECT pg_reload_conf()');
        await drill.untilNamed('postgres-sick', 'Postgres is set to read-only transactions');
        await postgres.query('ALTER SYSTEM RESET default_transaction_read_only');
        await postgres.query('SELECT pg_reload_conf()');
      } finally {
        await postgres.end();
      }
      await drill.untilSilent('postgres-sick');
    });
  });
}
