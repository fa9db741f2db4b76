// What the operations service tells Prometheus of the whole system, sampled in the background.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { digestKey } from '@kasabi/accounts';
import { createDataset, lockDataset } from '@kasabi/datasets';
import { acceptJobs } from '@kasabi/jobs';
import { withTransaction } from '@kasabi/postgres';
import { type OperatedStack, type Scrape, scrape, startStack, waitFor } from '@kasabi/test/support';
import { inMs, submitForm } from '@kasabi/test/support/client';

let stack: OperatedStack;

before(async () => {
  stack = await startStack({
    workers: 0,
    operatorPassword: 'an-operators-password',
    serviceEnv: { operations: { SAMPLE_INTERVAL_MS: '100' } },
  });
});
after(() => stack?.stop());

/** The first scrape that is as it should be. */
const until = (what: string, holds: (now: Scrape) => boolean): Promise<Scrape> =>
  waitFor(
    async () => {
      const now = await scrape(stack.operationsUrl);
      return holds(now) ? now : undefined;
    },
    { what },
  );

describe('the sample', () => {
  it('has open jobs by type and status, and how long the oldest due one has waited', async () => {
    await submitForm(stack, { jobType: 'reset' });
    await submitForm(stack, { jobType: 'reset', startTime: inMs(3_600_000) });
    const scheduled = { type: 'reset', status: 'scheduled' };
    const first = await until('both jobs', ({ value }) => value('kasabi_jobs', scheduled) === 2);
    assert.equal(first.value('kasabi_jobs', { type: 'reset', status: 'running' }), 0);
    assert.equal(first.value('kasabi_jobs_due'), 1);
    const age = first.value('kasabi_oldest_due_job_age_seconds');
    assert.ok(age > 0 && age < 10, `${age} s`);
    await until('time to pass', ({ value }) => {
      return value('kasabi_oldest_due_job_age_seconds') > age;
    });
  });

  it('has the jobs that Redis was never handed, and for how long it should have been', async () => {
    const [outcome] = await acceptJobs(
      stack.database.pool('api'),
      [
        {
          keyDigest: digestKey(stack.key),
          datasetCode: 'nasa',
          type: 'reset',
          startTime: undefined,
        },
      ],
      { maxScheduleDays: 1 },
    );
    assert.equal(outcome?.outcome, 'accepted');
    const { value } = await until(
      'a backlog',
      (now) => now.value('kasabi_relay_backlog_jobs') === 1,
    );
    assert.ok(value('kasabi_relay_lag_seconds') >= 1);
    assert.equal(value('kasabi_relay_last_round_age_seconds'), Number.POSITIVE_INFINITY);
  });

  it('has the datasets that are read-only, and for how long the longest has been', async () => {
    const { id: datasetId } = await createDataset(stack.database.pool(), {
      code: 'stuck',
      owner: stack.owner,
    });
    const jobId = '01a20887-fc9b-7ea8-a838-06bfc9de4185';
    await withTransaction(stack.database.pool(), (client) =>
      lockDataset(client, { datasetId, jobId, timeoutMs: 1_000 }),
    );
    const { value } = await until('one', (now) => now.value('kasabi_datasets_read_only') === 1);
    const longest = value('kasabi_dataset_longest_read_only_seconds');
    await until('time to pass', (now) => {
      return now.value('kasabi_dataset_longest_read_only_seconds') > longest;
    });
    assert.equal(value('kasabi_findings', { code: 'dataset-abandoned' }), 1);
  });

  it('has the workers, and what is wrong by the names that operators know', async () => {
    const alone = await scrape(stack.operationsUrl);
    assert.equal(alone.value('kasabi_workers', { state: 'alive' }), 0);
    assert.equal(alone.value('kasabi_findings', { code: 'no-worker' }), 1);
    assert.equal(alone.value('kasabi_findings', { code: 'postgres-down' }), 0);
    await stack.addWorker();
    const { value } = await until('a worker that works', (now) => {
      return (
        now.value('kasabi_workers', { state: 'alive' }) === 1 &&
        now.value('kasabi_jobs_due') === 0 &&
        now.value('kasabi_relay_last_round_age_seconds') < 60
      );
    });
    assert.equal(value('kasabi_findings', { code: 'no-worker' }), 0);
    assert.equal(value('kasabi_oldest_due_job_age_seconds'), 0);
    assert.equal(value('kasabi_relay_backlog_jobs'), 0);
    assert.equal(value('kasabi_loop_round_failures_total', { loop: 'sampler' }), 0);
  });

  it('is told with its age, and is not taken by a scrape', async () => {
    const rounds = 'kasabi_loop_round_duration_seconds_count';
    const before = await scrape(stack.operationsUrl);
    for (let index = 0; index < 50; index += 1)
      await (await fetch(`${stack.operationsUrl}/metrics`)).text();
    const after = await scrape(stack.operationsUrl);
    const taken =
      after.value(rounds, { loop: 'sampler' }) - before.value(rounds, { loop: 'sampler' });
    assert.ok(taken < 50, `${taken} samples`);
    assert.ok(after.value('kasabi_overview_age_seconds') < 5);
  });
});
