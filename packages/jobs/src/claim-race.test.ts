import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createPool } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { waitFor } from '@kasabi/test/support/wait-for';
import type pg from 'pg';
import { type ClaimOutcome, claim } from './claim.ts';
import { complete } from './complete.ts';

const rounds = 300;
let fixture: Fixture;
let workers: pg.Pool[];

before(async () => {
  fixture = await createFixture();
  workers = Array.from({ length: 3 }, () =>
    createPool({
      url: fixture.database.url,
      applicationName: 'racer',
      max: 1,
      onIdleError: () => undefined,
    }),
  );
});

after(async () => {
  await Promise.all(workers.map((pool) => pool.end()));
  await fixture.close();
});

const ask = (pool: pg.Pool, jobId: string, holder: string): Promise<ClaimOutcome> =>
  claim(pool, { jobId, holder, leaseMs: 60_000 });

/** Most jobs of one dataset that were running at the same time, ever: by the database's own word. */
async function mostRunning(): Promise<number> {
  const { rows } = await fixture.admin.query<{ most: number }>(
    `SELECT coalesce(max(n), 0)::int AS most FROM (
       SELECT count(*) AS n FROM kasabi.job WHERE status = 'running' GROUP BY dataset_id) AS per`,
  );
  return (rows[0] as { most: number }).most;
}

test(`three workers race for one job, ${rounds} times: one has it, the others do not`, async () => {
  const dataset = await fixture.addDataset();
  for (let round = 0; round < rounds; round += 1) {
    const jobId = await fixture.accept(dataset);
    const answers = await Promise.all(workers.map((pool, n) => ask(pool, jobId, `w${n}`)));
    const winners = answers.flatMap((it) => (it.outcome === 'claimed' ? [it.claim] : []));
    assert.equal(winners.length, 1, JSON.stringify(answers));
    for (const { outcome } of answers) assert.ok(['claimed', 'gone', 'busy'].includes(outcome));
    const [winner] = winners;
    assert.ok(winner);
    const record = await fixture.read(jobId);
    assert.deepEqual([record['lease_holder'], record['attempt']], [winner.holder, 1]);
    await complete(fixture.worker, winner);
  }
});

test(`three workers race for two jobs of a dataset, ${rounds} times: never two run`, async () => {
  const dataset = await fixture.addDataset();
  let contested = 0;
  for (let round = 0; round < rounds; round += 1) {
    // In one statement, so equally due: only their ids decide who is first.
    const jobs = [await fixture.accept(dataset), await fixture.accept(dataset)];
    const { rows } = await fixture.admin.query<{ id: string }>(
      `UPDATE kasabi.job SET due = now() WHERE id = ANY ($1::uuid[]) RETURNING id`,
      [jobs],
    );
    assert.equal(rows.length, 2);
    const asked = workers.flatMap((pool, n) =>
      (n % 2 === 0 ? jobs : jobs.toReversed()).map((jobId) => ask(pool, jobId, `w${n}`)),
    );
    const answers = await Promise.all(asked);
    assert.ok((await mostRunning()) <= 1);
    const claims = answers.flatMap((it) => (it.outcome === 'claimed' ? [it.claim] : []));
    assert.deepEqual(
      claims.map((it) => it.jobId),
      jobs.slice(0, 1),
      'the first that was asked for, once',
    );
    contested += answers.filter((it) => it.outcome === 'busy').length;
    await complete(fixture.worker, claims[0] as (typeof claims)[number]);
    await complete(fixture.worker, await fixture.take(jobs[1] as string));
  }
  assert.ok(contested > rounds, `only ${contested} were told to come again`);
});

test('a claim that cannot see the other job running is stopped by the unique index', async () => {
  const dataset = await fixture.addDataset();
  const [first, second] = [await fixture.accept(dataset), await fixture.accept(dataset)];
  const client = await fixture.admin.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `UPDATE kasabi.job SET status = 'running', attempt = 1, started = now(), lease_holder = 'w',
              lease_expires = now() + interval '1 min' WHERE id = $1`,
      [second],
    );
    const racing = ask(workers[0] as pg.Pool, first, 'w0');
    await waitFor(async () => (await waitingRacers()) === 1, { what: 'the claim to wait' });
    await client.query('COMMIT');
    assert.equal((await racing).outcome, 'busy');
    assert.equal(await mostRunning(), 1);
  } finally {
    client.release();
  }
});

async function waitingRacers(): Promise<number> {
  const { rows } = await fixture.admin.query(
    `SELECT FROM pg_stat_activity WHERE application_name = 'racer' AND wait_event_type = 'Lock'`,
  );
  return rows.length;
}
