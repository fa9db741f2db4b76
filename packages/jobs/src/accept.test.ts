import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOwner, digestKey, issueKey, revokeKey } from '@kasabi/accounts';
import type { Dataset } from '@kasabi/datasets';
import { createPool, roleUrl } from '@kasabi/postgres';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import pg from 'pg';
import { type AcceptRequest, acceptJobs } from './accept.ts';

let fixture: Fixture;
let dataset: Dataset;
let request: AcceptRequest;

before(async () => {
  fixture = await createFixture();
  dataset = await fixture.addDataset('nasa');
  const { keyDigest } = fixture;
  request = { keyDigest, datasetCode: 'nasa', type: 'reset', startTime: undefined };
});

after(async () => {
  await fixture.close();
});

const accept = (requests: readonly AcceptRequest[], maxScheduleDays = 366) =>
  acceptJobs(fixture.api, requests, { maxScheduleDays, maxOpenJobs: 0 });

/** Accepts one request and returns the job, with its record beside it. */
async function accepted(startTime?: Date) {
  const [outcome] = await accept([{ ...request, startTime }]);
  assert.ok(outcome?.outcome === 'accepted', outcome?.outcome);
  return { job: outcome.job, record: await fixture.read(outcome.job.id) };
}

async function count(): Promise<number> {
  const { rows } = await fixture.admin.query('SELECT count(*) FROM kasabi.job');
  return Number(rows[0]?.count);
}

test('a job without a start time is due at its creation, by the clock of Postgres', async () => {
  const { job, record } = await accepted();
  assert.deepEqual(record['start_time'], record['created']);
  assert.deepEqual(record['due'], record['created']);
  assert.deepEqual([job.created, job.startTime], [record['created'], record['start_time']]);
  assert.equal(record['status'], 'scheduled');
  assert.equal(record['enqueued_at'], null);
  assert.equal(record['dataset_id'], dataset.id);
});

test('times are read whatever the settings of the session', async () => {
  const settings = ['DateStyle=SQL,DMY', 'TimeZone=Asia/Kathmandu', 'extra_float_digits=-15'];
  // A pool without what ours settle when a session begins.
  const pool = new pg.Pool({
    connectionString: roleUrl(fixture.database.url, 'api'),
    options: settings.map((setting) => `-c ${setting}`).join(' '),
  });
  try {
    const startTime = new Date(Date.now() + 86_400_123);
    const asked = {
      ...request,
      startTime,
      idempotency: { key: 'k', fingerprint: Buffer.alloc(32) },
    };
    for (const expected of ['accepted', 'replayed']) {
      const [outcome] = await acceptJobs(pool, [asked], { maxScheduleDays: 366 });
      assert.ok(outcome && 'job' in outcome);
      const { job } = outcome;
      assert.equal(outcome.outcome, expected);
      const { created } = await fixture.read(job.id);
      assert.deepEqual([job.startTime, job.created], [startTime, created]);
    }
  } finally {
    await pool.end();
  }
});

test('a start time in the past becomes now, be it of 1970 or a millisecond ago', async () => {
  for (const past of [new Date(0), new Date(Date.now() - 86_400_000), new Date(Date.now() - 1)]) {
    const { record } = await accepted(past);
    assert.deepEqual(record['start_time'], record['created']);
  }
});

test('a start time ahead is kept to the millisecond', async () => {
  const ahead = new Date(Date.now() + 86_400_123);
  const { job, record } = await accepted(ahead);
  assert.deepEqual(job.startTime, ahead);
  assert.deepEqual([record['start_time'], record['due']], [ahead, ahead]);
});

test('a start time up to the horizon is taken, a later one leaves no record', async () => {
  const day = 86_400_000;
  const starts = [new Date(Date.now() + 2 * day - 60_000), new Date(Date.now() + 2 * day + 60_000)];
  const before = await count();
  const outcomes = await accept(
    starts.map((startTime) => ({ ...request, startTime })),
    2,
  );
  assert.deepEqual(
    outcomes.map((it) => it.outcome),
    ['accepted', 'too-far-ahead'],
  );
  assert.equal(await count(), before + 1);
});

test('outcomes come in the order of their requests, and each is judged alone', async () => {
  await createOwner(fixture.admin, 'esa');
  const { secret, keyId } = await issueKey(fixture.admin, 'esa');
  const { secret: others } = await issueKey(fixture.admin, 'esa');
  await revokeKey(fixture.admin, keyId);
  const keyed = (key: string, datasetCode: string) => ({
    ...request,
    keyDigest: digestKey(key),
    datasetCode,
  });
  const before = await count();
  const outcomes = await accept([
    request,
    keyed('made up', 'nasa'),
    { ...request, datasetCode: 'nowhere' },
    { ...request, startTime: new Date(Date.now() + 400 * 86_400_000) },
    keyed(secret, 'nasa'),
    keyed(secret, 'nowhere'),
    keyed(others, 'nasa'),
    keyed(others, 'nowhere'),
    keyed('made up', 'nowhere'),
    request,
  ]);
  assert.deepEqual(
    outcomes.map((it) => it.outcome),
    [
      ...['accepted', 'refused', 'dataset-unknown', 'too-far-ahead', 'refused', 'refused'],
      ...['refused', 'dataset-unknown', 'refused', 'accepted'],
    ],
  );
  assert.equal(await count(), before + 2);
});

test('another owner may not, however far ahead or wrong the rest is', async () => {
  const { secret } = await issueKey(fixture.admin, 'esa');
  const late = new Date(Date.now() + 400 * 86_400_000);
  const outcomes = await accept([{ ...request, keyDigest: digestKey(secret), startTime: late }]);
  assert.deepEqual(outcomes, [{ outcome: 'refused' }]);
});

test('500 in one statement: one record each, ids in the order they were asked for', async () => {
  await fixture.admin.query(`
    INSERT INTO kasabi.api_key (owner_id, digest)
      SELECT 1, sha256(n::text::bytea) FROM generate_series(1, 200) n;
    INSERT INTO kasabi.dataset (code, title, owner_id)
      SELECT 'many-' || n, 'many', 1 FROM generate_series(1, 200) n;
    ANALYZE kasabi.api_key, kasabi.dataset;`);
  const requests = Array.from({ length: 500 }, (_, n) => ({
    ...request,
    keyDigest: digestKey(String(200 - (n % 200))),
    datasetCode: `many-${1 + ((n * 7) % 200)}`,
  }));
  const one = createPool({
    url: fixture.database.url,
    applicationName: 'accept-test',
    max: 1,
    onIdleError: () => undefined,
  });
  try {
    // From the sixth time on Postgres may use a plan that knows nothing of the batch's size.
    for (let round = 0; round < 8; round += 1) {
      const before = await count();
      const outcomes = await acceptJobs(one, requests, { maxScheduleDays: 1, maxOpenJobs: 0 });
      assert.equal(await count(), before + 500);
      const ids = outcomes.map((it) => (it.outcome === 'accepted' ? it.job.id : it.outcome));
      const { rows } = await fixture.admin.query<{ code: string }>(
        `SELECT d.code FROM kasabi.job j JOIN kasabi.dataset d ON d.id = j.dataset_id
         JOIN unnest($1::uuid[]) WITH ORDINALITY AS asked (id, position) ON asked.id = j.id
         ORDER BY position`,
        [ids],
      );
      assert.deepEqual(
        rows.map((row) => row.code),
        requests.map((it) => it.datasetCode),
      );
      assert.deepEqual(ids, [...ids].sort(), `not in order in round ${round}`);
    }
  } finally {
    await one.end();
  }
});
