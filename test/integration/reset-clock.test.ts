import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { startStack, type TestStack } from '@kasabi/test/support';
import { getJob, postJob, readJob, waitForJob } from './support/stack-jobs.ts';

const hour = 3_600_000;
const preload = path.join(import.meta.dirname, 'support', 'skew-clock.cjs');

const skewed = (skewMs: number): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--require ${preload}`,
  SKEW_MS: String(skewMs),
});

/** Waits for a job and says how long after its start time it began, by the clock of Postgres. */
async function lateness(stack: TestStack, jobId: string): Promise<number> {
  assert.equal((await waitForJob(stack, jobId)).status, 'completed');
  const { late_ms, attempt } = await readJob(stack, jobId);
  assert.equal(attempt, 1);
  assert.ok((late_ms as number) >= 0, `${late_ms} ms`);
  return late_ms as number;
}

const skews = { 'an hour ahead': hour, 'an hour behind': -hour };
for (const [how, skewMs] of Object.entries(skews)) {
  test(`a worker ${how} starts nothing early and nothing late, alone and beside another`, async () => {
    const stack = await startStack({ serviceEnv: { worker: skewed(skewMs) } });
    try {
      const log = JSON.parse(stack.workers[0]?.logs.find((line) => line.startsWith('{')) ?? '');
      assert.ok(Math.abs(log.time - Date.now() - skewMs) < 60_000, 'its clock is off');
      const [soon, ahead] = [await postJob(stack), await postJob(stack, inMs(3_000))];
      for (const jobId of [soon, ahead]) {
        const late = await lateness(stack, jobId);
        assert.ok(late < 4_000, `${late} ms late`);
      }
      await stack.addWorker({ NODE_OPTIONS: '' });
      const at = inMs(2_000);
      const jobs = await Promise.all(Array.from({ length: 6 }, () => postJob(stack, at)));
      for (const jobId of jobs) {
        const late = await lateness(stack, jobId);
        assert.ok(late < 8_000, `${late} ms late`);
      }
    } finally {
      await stack.stop();
    }
  });

  test(`what an API ${how} accepts starts by the clock of Postgres`, async () => {
    const stack = await startStack({ serviceEnv: { api: skewed(skewMs) } });
    try {
      const jobId = await postJob(stack, inMs(2_000));
      assert.equal((await getJob(stack, jobId)).status, 'scheduled');
      const late = await lateness(stack, jobId);
      assert.ok(late < 1_500, `${late} ms late`);
    } finally {
      await stack.stop();
    }
  });
}

function inMs(ms: number): Date {
  return new Date(Date.now() + ms);
}
