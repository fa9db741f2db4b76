// The limit on a dataset's unfinished jobs: exact, however many processes accept at once.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Dataset } from '@kasabi/datasets';
import { createFixture, type Fixture } from '@kasabi/test/support/fixture';
import type pg from 'pg';
import { type AcceptOutcome, acceptJobs } from './accept.ts';

const limit = 10;
let fixture: Fixture;
/** Of as many processes. */
let pools: pg.Pool[];

before(async () => {
  fixture = await createFixture();
  pools = Array.from({ length: 4 }, () => fixture.database.pool('api'));
});
after(() => fixture.close());

function accept(
  datasets: readonly Dataset[],
  { pool = fixture.api, maxOpenJobs = limit, startTime = new Date(Date.now() + 3_600_000) } = {},
): Promise<AcceptOutcome[]> {
  const requests = datasets.map(({ code: datasetCode }) => ({
    ...({ keyDigest: fixture.keyDigest, datasetCode, type: 'reset', startTime } as const),
  }));
  return acceptJobs(pool, requests, { maxScheduleDays: 1, maxOpenJobs });
}

const acceptedOf = (outcomes: readonly AcceptOutcome[]): number =>
  outcomes.filter(({ outcome }) => outcome === 'accepted').length;
const times = <T>(count: number, it: T): T[] => Array.from({ length: count }, () => it);

describe('the limit on open jobs', () => {
  it('is exact within one batch, and the first of it are accepted', async () => {
    const dataset = await fixture.addDataset();
    const outcomes = (await accept(times(limit + 3, dataset))).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, [...times(limit, 'accepted'), ...times(3, 'too-many-open')]);
    assert.equal(acceptedOf(await accept([dataset])), 0);
  });

  it('is exact for processes that accept at once, in whatever order they name the datasets', async () => {
    const datasets = await Promise.all([1, 2, 3].map(() => fixture.addDataset()));
    const rounds = pools.flatMap((pool, index) => {
      const named = index % 2 === 0 ? datasets : [...datasets].reverse();
      return times(8, null).map(() => accept(named, { pool }));
    });
    const outcomes = await Promise.all(rounds);
    assert.equal(acceptedOf(outcomes.flat()), datasets.length * limit);
    const { rows } = await fixture.admin.query(
      'SELECT count(*)::int AS jobs FROM kasabi.job WHERE dataset_id = ANY($1) GROUP BY dataset_id',
      [datasets.map(({ id }) => id)],
    );
    assert.deepEqual(rows, times(datasets.length, { jobs: limit }));
  });

  it('counts anew when jobs have ended, and lets in as many as have', async () => {
    const dataset = await fixture.addDataset();
    const outcomes = await accept(times(limit, dataset));
    for (const outcome of outcomes.slice(0, 4)) {
      assert.ok('job' in outcome);
      assert.ok(await fixture.cancel(outcome.job.id));
    }
    assert.equal(acceptedOf(await accept(times(limit, dataset))), 4);
  });

  it('counts running jobs', async () => {
    const dataset = await fixture.addDataset();
    const jobId = await fixture.accept(dataset);
    await fixture.take(jobId);
    assert.equal(acceptedOf(await accept(times(limit, dataset))), limit - 1);
  });

  it('counts those that came while the limit was off', async () => {
    const dataset = await fixture.addDataset();
    assert.equal(
      acceptedOf(await accept(times(limit + 5, dataset), { maxOpenJobs: 0 })),
      limit + 5,
    );
    assert.equal(acceptedOf(await accept([dataset])), 0);
  });

  it('counts every hour those that came by other ways', async () => {
    const dataset = await fixture.addDataset();
    assert.equal(acceptedOf(await accept([dataset])), 1);
    await accept(times(limit, dataset), { maxOpenJobs: 0 });
    assert.equal(acceptedOf(await accept([dataset])), 1, 'the count is believed for an hour');
    await fixture.admin.query(
      `UPDATE kasabi.open_jobs SET counted = counted - interval '61 minutes' WHERE dataset_id = $1`,
      [dataset.id],
    );
    assert.equal(acceptedOf(await accept([dataset])), 0);
  });

  it('may be lowered and raised', async () => {
    const dataset = await fixture.addDataset();
    assert.equal(acceptedOf(await accept(times(limit, dataset))), limit);
    assert.equal(acceptedOf(await accept(times(3, dataset), { maxOpenJobs: 2 })), 0);
    assert.equal(acceptedOf(await accept(times(3, dataset), { maxOpenJobs: limit + 2 })), 2);
  });

  it('counts each open job once, not those that are refused for other reasons', async () => {
    const dataset = await fixture.addDataset();
    const far = new Date(Date.now() + 400 * 86_400_000);
    assert.equal(acceptedOf(await accept(times(limit, dataset), { startTime: far })), 0);
    assert.equal(acceptedOf(await accept(times(limit, dataset))), limit);
  });
});
