import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import pg from 'pg';
import { createRelay } from './relay.ts';

const records = 60_000;
let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
  await fixture.addDataset();
  // Ended ones, ones that Redis holds, and ones for next month: nothing of it is to do.
  await fixture.admin.query(
    `INSERT INTO kasabi.job (dataset_id, type, status, created, start_time, due, started, attempt,
                             end_time, enqueued_at, requested_by)
     SELECT 1, 'reset', CASE n % 3 WHEN 0 THEN 'completed' ELSE 'scheduled' END,
            now() - interval '1 day', at, at,
            CASE n % 3 WHEN 0 THEN at END, CASE n % 3 WHEN 0 THEN 1 ELSE 0 END,
            CASE n % 3 WHEN 0 THEN at END, CASE n % 3 WHEN 1 THEN now() END, 1
     FROM (SELECT n, now() + CASE n % 3 WHEN 0 THEN -'1 h'::interval WHEN 1 THEN '30 min'
                             ELSE '30 days' END AS at
           FROM generate_series(1, $1) AS n) AS made`,
    [records],
  );
  await fixture.admin.query('VACUUM ANALYZE kasabi.job');
});

after(async () => {
  await fixture.close();
});

/** Rows of the job table that a session's scans have read so far, by any index or by none. */
async function rowsRead(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ read: string }>(
    `SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(oid)
                       + pg_stat_get_xact_tuples_fetched(oid)), 0) AS read
     FROM pg_class WHERE oid = 'kasabi.job'::regclass
        OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'kasabi.job'::regclass)`,
  );
  return Number(rows[0]?.read);
}

test(`with ${records} records and nothing to do, a round reads next to nothing`, async () => {
  const client = new pg.Client({ connectionString: fixture.database.url });
  await client.connect();
  let statements = 0;
  try {
    // In one transaction, because that is how far these counters reach.
    await client.query('BEGIN');
    const query = async (...asked: unknown[]) => {
      statements += 1;
      return Reflect.apply(client.query, client, asked);
    };
    const relay = createRelay({
      db: { query } as never,
      enqueue: () => assert.fail('there is nothing to enqueue'),
      ensureDue: () => assert.fail('nothing is overdue'),
      lostData: async () => false,
      acknowledgeData: async () => undefined,
      ...{
        intervalMs: 1_000,
        horizonMs: 3_600_000,
        overdueMs: 1_000,
        reassertMs: 30_000,
        batchSize: 1_000,
      },
      onError: (error) => assert.fail(String(error)),
    });
    const before = await rowsRead(client);
    await relay.runOnce();
    const read = (await rowsRead(client)) - before;
    assert.ok(read < 50, `a round read ${read} rows`);
    assert.ok(statements <= 2, `a round took ${statements} statements`);
    await client.query(`SELECT count(*) FROM kasabi.job WHERE message IS NULL`);
    assert.ok((await rowsRead(client)) - before >= records, 'the counter counts');
    await client.query('ROLLBACK');
  } finally {
    await client.end();
  }
});
