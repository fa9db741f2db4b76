import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import { waitFor } from '@kasabi/test/support/wait-for';
import type { Claim } from './claim.ts';
import { complete } from './complete.ts';
import { heartbeat } from './heartbeat.ts';
import { retry } from './retry.ts';

let fixture: Fixture;

before(async () => {
  fixture = await createFixture();
});

after(async () => {
  await fixture.close();
});

async function hold(): Promise<Claim> {
  const jobId = await fixture.accept(await fixture.addDataset());
  return fixture.take(jobId, { leaseMs: 5_000 });
}

/** How long a job's lease lasts from now, in milliseconds, by the clock of Postgres. */
async function leftMs(held: Claim): Promise<number> {
  const { rows } = await fixture.admin.query<{ left: number }>(
    `SELECT (extract(epoch FROM lease_expires - clock_timestamp()) * 1000)::float8 AS left
     FROM kasabi.job WHERE id = $1`,
    [held.jobId],
  );
  return (rows[0] as { left: number }).left;
}

test('all leases that are held are extended from now, in one statement', async () => {
  const all = [await hold(), await hold(), await hold()];
  const kept = await heartbeat(fixture.worker, all, 60_000);
  assert.deepEqual([...kept].sort(), all.map(({ jobId }) => [jobId, 'extended'] as const).sort());
  for (const held of all) {
    const left = await leftMs(held);
    assert.ok(left > 50_000 && left <= 60_000, `${left}`);
  }
});

test('a lease that has expired but was not taken away is extended', async () => {
  const held = await hold();
  await fixture.admin.query(
    "UPDATE kasabi.job SET lease_expires = now() - interval '1 h' WHERE id = $1",
    [held.jobId],
  );
  assert.deepEqual(
    [...(await heartbeat(fixture.worker, [held], 60_000))],
    [[held.jobId, 'extended']],
  );
  assert.ok((await leftMs(held)) > 50_000);
});

test('nothing is extended that is another holder’s, another attempt’s, ended or unknown', async () => {
  const mine = await hold();
  const [stolen, earlier, ended] = [await hold(), await hold(), await hold()];
  await retry(fixture.worker, earlier, { delayMs: 0, message: 'again' });
  await fixture.take(earlier.jobId, { leaseMs: 5_000 });
  await complete(fixture.worker, ended);
  const claims = [
    { ...stolen, holder: 'someone else' },
    earlier,
    ended,
    { ...mine, jobId: randomUUID() },
    mine,
  ];
  const asItWas = await Promise.all([stolen, earlier, ended].map((it) => fixture.record(it.jobId)));
  assert.deepEqual(
    await heartbeat(fixture.worker, claims, 60_000),
    new Map([
      [ended.jobId, 'ending'],
      [mine.jobId, 'extended'],
    ]),
  );
  const now = await Promise.all([stolen, earlier, ended].map((it) => fixture.record(it.jobId)));
  assert.deepEqual(now, asItWas);
});

test('a job that ends while its heartbeat waits is not lost', async () => {
  const held = await hold();
  const ending = await fixture.worker.connect();
  try {
    await ending.query('BEGIN');
    await complete(ending, held);
    const beating = heartbeat(fixture.worker, [held], 60_000);
    await waitFor(
      async () => {
        const { rows } = await fixture.admin.query(
          "SELECT FROM pg_stat_activity WHERE query LIKE '%lease_expires = now()%' AND wait_event_type = 'Lock'",
        );
        return rows.length > 0;
      },
      { what: 'the heartbeat to wait for the commit' },
    );
    await ending.query('COMMIT');
    assert.deepEqual(await beating, new Map([[held.jobId, 'ending']]));
  } finally {
    ending.release();
  }
});

test('without claims nothing happens', async () => {
  assert.equal((await heartbeat(fixture.worker, [], 60_000)).size, 0);
});
