import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, found, lock, minute, said } from '../test/findings.ts';
import type { BusyJob } from './busy-jobs.ts';
import type { Finding } from './finding.ts';
import type { TroubledJob } from './overview.ts';

test('a dataset whose lock no running job holds', () => {
  for (const jobStatus of ['completed', 'failed', null] as const) {
    const [finding] = found({ lockedDatasets: [lock({ jobStatus })] });
    assert.deepEqual([finding?.code, finding?.severity], ['dataset-abandoned', 'critical']);
    assert.match(finding?.todo ?? '', /dataset unlock nasa/);
    assert.deepEqual(
      [finding?.subject, finding?.remedy],
      [{ kind: 'dataset', id: 'nasa' }, 'unlock'],
    );
  }
  for (const lost of [lock({ jobStatus: 'scheduled' }), lock({ leaseExpiredMs: minute })]) {
    const [finding] = found({ lockedDatasets: [lost] });
    assert.equal(finding?.code, 'dataset-abandoned');
    assert.match(finding?.todo ?? '', /rescuer/);
    assert.equal(finding?.remedy, undefined);
  }
});

test('jobs that are due and wait', () => {
  const [finding] = found({ oldestDueMs: 90_000, due: 700 });
  assert.deepEqual([finding?.code, finding?.severity], ['queue-backlog', 'warning']);
  assert.match(
    finding?.what ?? '',
    /^700 due jobs wait, .* 1 min 30 s\. 1 job is running, of 20 that the workers can run at a time\.$/,
  );
  assert.deepEqual(finding?.since, ago(90_000));
});

test('jobs that fail or try again and again', () => {
  const job: TroubledJob = {
    id: 'job-7',
    dataset: 'nasa',
    type: 'reset',
    status: 'failed',
    attempt: 5,
    message: 'It cannot be.',
    endTime: ago(minute),
  };
  const [failed, ...none] = found({ troubledJobs: [job, job, job] });
  assert.deepEqual([failed?.code, failed?.since, none], ['job-fails', ago(minute), []]);
  assert.match(
    failed?.what ?? '',
    /job-7 of nasa has failed .*It cannot be\. 2 other jobs fail there, too\./,
  );
  assert.deepEqual([failed?.subject, failed?.remedy], [{ kind: 'job', id: 'job-7' }, 'retry']);
  const [trying, other] = found({
    troubledJobs: [
      { ...job, status: 'running', attempt: 3, message: null, endTime: null },
      { ...job, id: 'job-8', dataset: 'esa' },
    ],
  });
  assert.match(trying?.what ?? '', /is at attempt 3/);
  assert.deepEqual([trying?.since, trying?.remedy], [undefined, undefined]);
  assert.equal(other?.subject?.id, 'job-8', 'another dataset has a finding of its own');
});

test('jobs that wait for writers, and who blocks them', () => {
  const job: BusyJob = {
    id: 'job-8',
    dataset: 'nasa',
    type: 'reset',
    status: 'scheduled',
    attempt: 9,
    busySince: ago(12 * minute),
    busyMs: 12 * minute,
    dueInMs: 130_000,
    cause: 'Blocked by: process 7.',
    causeMs: 20_000,
  };
  const [waiting] = found({ busyJobs: [job] });
  assert.deepEqual(said([waiting as Finding]), ['dataset-busy warning']);
  assert.deepEqual(waiting?.since, ago(12 * minute));
  assert.equal(
    waiting?.what,
    "The reset job-8 of nasa has waited for the dataset's writers for 12 min: 9 attempts so far, the next is in 2 min 10 s. The last one, 20 s ago, reported: Blocked by: process 7.",
  );
  assert.match(waiting?.todo ?? '', /pg_terminate_backend.*ROLLBACK PREPARED.*job cancel job-8/);
  const trying = { ...job, status: 'running', dueInMs: 0, cause: null, causeMs: null } as const;
  const [under] = found({ busyJobs: [trying] });
  assert.match(under?.what ?? '', /9 attempts so far, the next is due or running\.$/);
});
