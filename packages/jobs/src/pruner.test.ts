import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { createPruner } from './pruner.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
  await fixture.addDataset();
});

after(async () => {
  await fixture.close();
});

/** Makes `count` records that ended, or are due if scheduled, `days` ago. */
async function makeOld(status: string, days: number, count = 1): Promise<void> {
  const ended = status !== 'scheduled';
  await fixture.admin.query(
    `INSERT INTO kasabi.job (dataset_id, type, status, created, start_time, due, started, attempt,
                             end_time, message, requested_by)
     SELECT 1, 'reset', $1, at, at, at, at, 1, CASE WHEN $4 THEN at END, 'old', 1
     FROM (SELECT now() - $2 * interval '1 day' AS at FROM generate_series(1, $3)) AS made`,
    [status, days, count, ended],
  );
}

async function prune(retentionDays: number): Promise<number> {
  let total = 0;
  const pruner = createPruner({
    db: fixture.worker,
    intervalMs: 1_000,
    retentionDays,
    onPrune: (deleted) => {
      total += deleted.jobs;
    },
    onError: (error) => assert.fail(String(error)),
  });
  await pruner.runOnce();
  return total;
}

async function left(): Promise<Record<string, number>> {
  const { rows } = await fixture.admin.query<{ status: string; count: number }>(
    'SELECT status, count(*)::int AS count FROM kasabi.job GROUP BY status',
  );
  return Object.fromEntries(rows.map((row) => [row.status, row.count]));
}

test('ended jobs go after the retention time, all in one round; live ones never', async () => {
  await makeOld('completed', 31, 2_100);
  await makeOld('failed', 31);
  await makeOld('completed', 29, 3);
  await makeOld('failed', 29, 4);
  await makeOld('scheduled', 300, 5);
  assert.equal(await prune(30), 2_101);
  assert.deepEqual(await left(), { completed: 3, failed: 4, scheduled: 5 });
  assert.equal(await prune(30), 0);
});

test('the transitions of a job go with it, tallies with their age, lost workers after a day', async () => {
  await makeOld('completed', 31);
  await makeOld('completed', 29);
  await fixture.admin.query(`
    INSERT INTO kasabi.job_transition (job_id, event, attempt, actor)
      SELECT id, 'complete', 1, 'x' FROM kasabi.job WHERE status = 'completed';
    INSERT INTO kasabi.job_tally (minute, type, accepted, completed, failed)
      SELECT now() - days * interval '1 day', 'reset', 1, 1, 1 FROM unnest('{29,31}'::int[]) AS days;
    INSERT INTO kasabi.worker (holder, seen, host, version, concurrency, running, redis_answers,
                               relay_interval_ms)
      SELECT hours, now() - hours * interval '1 hour', 'h', '1', 1, 0, true, 1000
      FROM unnest('{23,25}'::int[]) AS hours`);
  assert.equal(await prune(30), 1);
  const { rows } = await fixture.admin.query(`
    SELECT (SELECT count(*)::int FROM kasabi.job_transition t LEFT JOIN kasabi.job j ON j.id = t.job_id
            WHERE j.id IS NULL) AS orphans,
           (SELECT count(*)::int FROM kasabi.job_transition) >= 1 AS kept,
           (SELECT count(*)::int FROM kasabi.job_tally) AS tallies,
           (SELECT string_agg(holder, ',') FROM kasabi.worker) AS workers`);
  assert.deepEqual(rows, [{ orphans: 0, kept: true, tallies: 1, workers: '23' }]);
});

test('two pruners at once share the work', async () => {
  await makeOld('completed', 31, 3_000);
  const [one, two] = await Promise.all([prune(30), prune(30)]);
  assert.equal(one + two + (await prune(30)), 3_000);
});
