import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { complete, fail } from '@kasabi/jobs';
import { createPool, roleUrl } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';
import { readHistory } from './history.ts';
import { createTally } from './tally.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

/** A round of a worker that has its turn. */
async function tally(db: pg.Pool = fixture.worker): Promise<void> {
  await fixture.admin.query("UPDATE kasabi.job_tally_progress SET at = '-infinity'");
  await round(db);
}

const round = (db: pg.Pool = fixture.worker): Promise<void> =>
  createTally({
    db,
    intervalMs: 10_000,
    onError: (error) => assert.fail(String(error)),
  }).runOnce();

interface Totals {
  readonly accepted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

async function totals(hours = 1): Promise<Totals> {
  const points = await readHistory(fixture.database.pool('status'), { hours });
  const sum = (key: keyof Totals): number => points.reduce((all, point) => all + point[key], 0);
  return {
    accepted: sum('accepted'),
    completed: sum('completed'),
    failed: sum('failed'),
    cancelled: sum('cancelled'),
  };
}

test('a tally counts what was accepted and what ended, again and again the same', async () => {
  const [a, b] = [await fixture.addDataset(), await fixture.addDataset()];
  await complete(fixture.worker, await fixture.take(await fixture.accept(a)));
  const no = { reason: 'error', message: 'no' } as const;
  await fail(fixture.worker, await fixture.take(await fixture.accept(b)), no);
  await fixture.cancel(await fixture.accept(b, 60_000));
  await fixture.accept(b, 60_000);
  await tally();
  assert.deepEqual(await totals(), { accepted: 4, completed: 1, failed: 1, cancelled: 1 });
  await Promise.all([tally(), tally(), tally()]);
  assert.deepEqual(await totals(), { accepted: 4, completed: 1, failed: 1, cancelled: 1 });
  await complete(fixture.worker, await fixture.take(await fixture.accept(a)));
  await tally();
  assert.deepEqual(await totals(), { accepted: 5, completed: 2, failed: 1, cancelled: 1 });
});

test('of several workers, one counts in an interval', async () => {
  const dataset = await fixture.addDataset();
  await tally();
  const earlier = await totals();
  await fixture.accept(dataset, 60_000);
  await round();
  assert.deepEqual(await totals(), earlier, 'it is too soon');
  await tally();
  assert.equal((await totals()).accepted, earlier.accepted + 1);
});

test('a gap is made good, with the drift and run time of each minute', async () => {
  const earlier = await totals(3);
  // An hour ago: accepted at the full minute, begun 1, 2, ... 100 s late, run for 10 s.
  await fixture.admin.query(`
    INSERT INTO kasabi.job (id, dataset_id, type, status, created, start_time, due, started, attempt,
                            end_time, requested_by)
    SELECT uuidv7(m - now()), 1, 'reset', 'completed', m, m, m, m + n * interval '1 s', 1,
           m + n * interval '1 s' + interval '10 s', 1
    FROM (SELECT date_trunc('minute', now()) - interval '2 hours' AS m) AS at, generate_series(1, 100) AS n`);
  await fixture.admin.query(
    "UPDATE kasabi.job_tally_progress SET final_before = now() - interval '3 hours'",
  );
  await tally();
  assert.equal((await totals(3)).accepted, earlier.accepted + 100);
  const { rows } = await fixture.admin.query(
    `SELECT accepted, completed, drift_p50_ms, run_p50_ms, run_p99_ms FROM kasabi.job_tally
     WHERE minute = date_trunc('minute', now()) - interval '2 hours'`,
  );
  // 49 of them had ended within their first minute.
  assert.deepEqual(rows, [
    { accepted: 100, completed: 49, drift_p50_ms: 25_000, run_p50_ms: 10_000, run_p99_ms: 10_000 },
  ]);
  const points = await readHistory(fixture.database.pool('status'), { hours: 3 });
  assert.equal(points.length, 60);
  const worst = Math.max(...points.map((point) => point.driftP99Ms ?? 0));
  assert.ok(worst >= 90_000 && worst <= 110_000, `${worst}`);
  const medians = points.flatMap(({ runP50Ms }) => runP50Ms ?? []);
  for (const median of medians.slice(0, 1)) assert.ok(Math.abs(median / 10_000 - 1) < 0.1);
  const { rows: progress } = await fixture.admin.query(
    'SELECT final_before > now() - $1::interval AS caught FROM kasabi.job_tally_progress',
    ['3 minutes'],
  );
  assert.deepEqual(progress, [{ caught: true }]);
});

test('the percentiles of a span are those of its jobs, not of its minutes', async () => {
  // 99 jobs of 1 s in one minute, one of 1,000 s in the next.
  await fixture.admin.query(`
    INSERT INTO kasabi.job (id, dataset_id, type, status, created, start_time, due, started, attempt,
                            end_time, requested_by)
    SELECT uuidv7(m - now()), 1, 'reset', 'completed', m, m, m, m, 1, m + took, 1
    FROM (SELECT date_bin('24 min', now(), 'epoch') - interval '20 hours' AS bin) AS span,
      LATERAL (
        SELECT bin + interval '1 min' AS m, interval '1 s' AS took FROM generate_series(1, 99)
        UNION ALL SELECT bin + interval '3 min', interval '1000 s') AS jobs`);
  await fixture.admin.query(
    "UPDATE kasabi.job_tally_progress SET final_before = now() - interval '21 hours'",
  );
  await tally();
  const points = await readHistory(fixture.database.pool('status'), { hours: 24 });
  const span = points.find(({ completed }) => completed === 100);
  assert.ok(
    span?.runP50Ms != null && Math.abs(span.runP50Ms / 1_000 - 1) < 0.1,
    `${span?.runP50Ms}`,
  );
  assert.ok(span.runP99Ms !== null && span.runP99Ms < 1_100, `${span.runP99Ms}`);
});

test('with many jobs, a round reads those of the last minutes alone', async () => {
  await fixture.admin.query(`
    INSERT INTO kasabi.job (id, dataset_id, type, status, created, start_time, due, started, attempt,
                            end_time, requested_by)
    SELECT uuidv7(at - now()), 1, 'reset', 'completed', at, at, at, at, 1, at, 1
    FROM (SELECT now() - n * interval '1 s' AS at FROM generate_series(1000, 50000) AS n) AS made`);
  await tally();
  await fixture.admin.query('VACUUM ANALYZE kasabi.job');
  const read = async (): Promise<number> => {
    const { rows } = await fixture.admin.query<{ read: number }>(
      "SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_user_tables WHERE relname = 'job'",
    );
    return rows[0]?.read ?? Number.NaN;
  };
  // Ending its connections makes Postgres count what they have read.
  const pool = createPool({
    url: roleUrl(fixture.database.url, 'worker'),
    applicationName: 'test-tally',
    onIdleError: () => undefined,
  });
  const earlier = await read();
  // So often that Postgres would plan a prepared statement for any values.
  for (let n = 0; n < 8; n += 1) await tally(pool);
  await pool.end();
  const rounds = await waitFor(async () => (await read()) - earlier || undefined, {
    what: 'counts of reads',
  });
  assert.ok(rounds > 0 && rounds < 8 * 1_000, `${rounds} records in 8 rounds`);
});

test('the history of any length has no gaps and at most 60 points', async () => {
  for (const hours of [1, 6, 24, 168]) {
    const points = await readHistory(fixture.database.pool('status'), { hours });
    assert.ok(points.length <= 60, `${points.length}`);
    const steps = points.slice(1).map((it, n) => Number(it.from) - Number(points[n]?.from));
    assert.equal(new Set(steps).size, 1);
    assert.ok(Number(points.at(-1)?.from) <= Date.now());
    assert.ok((points.length * (steps[0] ?? 0)) / 3_600_000 >= hours);
  }
});
