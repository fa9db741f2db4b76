import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { lockDataset } from '@kasabi/datasets';
import { withTransaction } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { readCounts } from './counts.ts';
import { readOverview } from './read-overview.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

const count = () => readCounts(fixture.database.pool('status'));

test('open jobs are counted by type and status, and read-only datasets', async () => {
  assert.deepEqual(await count(), { jobs: [], readOnlyDatasets: 0 });
  const [one, two] = [await fixture.addDataset(), await fixture.addDataset()];
  const running = await fixture.take(await fixture.accept(one));
  await fixture.accept(one, 60_000);
  await fixture.accept(two, 60_000);
  await fixture.cancel(await fixture.accept(two, 60_000));
  await withTransaction(fixture.worker, (client) =>
    lockDataset(client, { datasetId: one.id, jobId: running.jobId, timeoutMs: 1_000 }),
  );
  const { jobs, readOnlyDatasets } = await count();
  assert.deepEqual(
    [...jobs].sort((a, b) => (a.status < b.status ? -1 : 1)),
    [
      { type: 'reset', status: 'running', count: 1 },
      { type: 'reset', status: 'scheduled', count: 2 },
    ],
  );
  assert.equal(readOnlyDatasets, 1);
});

test('neither they nor the overview scan the job table, however many jobs have ended', async () => {
  const dataset = await fixture.addDataset();
  await fixture.admin.query(
    `INSERT INTO kasabi.job (dataset_id, type, status, created, start_time, due, started, end_time,
       attempt, requested_by)
     SELECT $1, 'reset', 'completed', t, t, t, t, t, 1, (SELECT min(id) FROM kasabi.api_key)
     FROM (SELECT now() - n * interval '1 s' AS t FROM generate_series(1, 20000) n) AS ended`,
    [dataset.id],
  );
  await fixture.admin.query('VACUUM ANALYZE kasabi.job');
  const client = await fixture.admin.connect();
  try {
    const scans = async (): Promise<number> => {
      await client.query('SELECT pg_stat_force_next_flush()');
      const { rows } = await client.query<{ scans: number }>(
        "SELECT seq_scan::int AS scans FROM pg_stat_user_tables WHERE relname = 'job'",
      );
      return rows[0]?.scans ?? Number.NaN;
    };
    const before = await scans();
    await readCounts(client);
    assert.equal(await scans(), before, 'the counts');
    await readOverview(client);
    assert.equal(await scans(), before, 'the overview');
    await client.query('SELECT max(length(message)) FROM kasabi.job');
    assert.equal(await scans(), before + 1, 'a scan is noticed');
  } finally {
    client.release();
  }
});
