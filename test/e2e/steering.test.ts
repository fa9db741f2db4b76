// Steering jobs: calling them off, and what becomes of those that have ended.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { claim, complete } from '@kasabi/jobs';
import { deliveryId, KEY_PREFIX, QUEUE_NAME } from '@kasabi/queue';
import { startStack, type TestStack, waitFor } from '@kasabi/test/support';
import {
  type Answer,
  ask,
  assertRefused,
  inMs,
  jobAt,
  submitForm,
  untilEnded,
} from '@kasabi/test/support/client';
import { createFixture } from '@kasabi/test/support/fixture';
import { openTestRedis } from '@kasabi/test/support/redis-client';
import { change, jobUrl, makeJobs } from '@kasabi/test/support/watch-jobs';
import { addService } from '@kasabi/test/support/watch-services';
import type pg from 'pg';

let stack: TestStack;
let pool: pg.Pool;
let key: { readonly X_KASABI_APIKEY: string };

before(async () => {
  stack = await startStack({ serviceEnv: { worker: { PRUNER_INTERVAL_MS: '1000' } } });
  pool = stack.database.pool();
  key = { X_KASABI_APIKEY: stack.key };
});
after(() => stack?.stop());

const atApi = (id: string): string => `${stack.apiUrl}/dataset/${stack.dataset}/jobs/${id}`;
const cancelAt = (url: string, headers: Record<string, string> = key): Promise<Answer> =>
  ask(url, { method: 'DELETE', headers });

const later = { jobType: 'reset', startTime: inMs(3_600_000) };

async function keysOf(name: string): Promise<number> {
  const { rowCount } = await pool.query('SELECT FROM kasabi.idempotency WHERE key = $1', [name]);
  return rowCount ?? 0;
}

describe('cancel', () => {
  it('DELETE on a scheduled job ends it as failed, and says who did so, on both hosts', async () => {
    const [one = '', two = ''] = await makeJobs(pool, 2);
    for (const [id, url] of [
      [one, jobUrl(stack, one)],
      [two, atApi(two)],
    ] as const) {
      const { status, text, headers } = await cancelAt(url);
      assert.deepEqual([status, text], [200, 'The job is cancelled; it will not run.\n']);
      assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8');
      const job = await jobAt(jobUrl(stack, id), stack.key);
      assert.deepEqual([job.status, job.jobStatus, job.reason], ['failed', 'failed', 'cancelled']);
      assert.equal(job.message, `Cancelled by ${stack.owner} (key 1) before it started.`);
      assert.ok(job.endTime);
      assertRefused(await cancelAt(url), 409, /scheduled.*this one is cancelled/);
    }
  });

  it('is refused with 409 for a job that runs or has ended, and changes nothing', async () => {
    const [id = ''] = await makeJobs(pool, 1);
    for (const state of ['running', 'completed'] as const) {
      await change(pool, id, state);
      for (const url of [jobUrl(stack, id), atApi(id)]) {
        assertRefused(await cancelAt(url), 409, new RegExp(`this one is ${state}`));
      }
      assert.equal((await jobAt(jobUrl(stack, id), stack.key)).status, state);
    }
  });

  it('of a job that waits for its next attempt says so', async () => {
    const [id = ''] = await makeJobs(pool, 1);
    for (const state of ['running', 'retrying'] as const) await change(pool, id, state);
    assert.equal((await cancelAt(atApi(id))).status, 200);
    const { message } = await jobAt(jobUrl(stack, id), stack.key);
    assert.equal(message, `Cancelled by ${stack.owner} (key 1) before its next attempt.`);
  });

  it('a cancelled job never runs, though Redis still delivers it', async () => {
    const redis = openTestRedis(stack.redis.url);
    try {
      const { text: url } = await submitForm(stack, { jobType: 'reset', startTime: inMs(2_000) });
      const id = url.slice(url.lastIndexOf('/') + 1);
      const delivery = `${KEY_PREFIX}:${QUEUE_NAME}:${deliveryId({ jobId: id, attempt: 0 })}`;
      await waitFor(async () => (await redis.exists(delivery)) === 1, { what: 'the delivery' });
      assert.equal((await cancelAt(url)).status, 200);
      assert.equal(await redis.exists(delivery), 1, 'Redis knows nothing of the cancel');
      const gone = async () => (await redis.exists(delivery)) === 0;
      await waitFor(gone, { what: 'the delivery to be dropped' });
      const { status, reason, attempt } = await jobAt(url, stack.key);
      assert.deepEqual([status, reason, attempt], ['failed', 'cancelled', 0]);
    } finally {
      redis.disconnect();
    }
  });

  it('is for the owner alone, and a key that no header can carry is as wrong as any', async () => {
    const [id = ''] = await makeJobs(pool, 1);
    await createOwner(pool, 'esa');
    const { secret } = await issueKey(pool, 'esa');
    for (const url of [jobUrl(stack, id), atApi(id)]) {
      assertRefused(await cancelAt(url, { X_KASABI_APIKEY: secret }), 401, /API key/);
      assertRefused(await cancelAt(url, {}), 401, /API key/);
      for (const odd of ['%D0%BA', 'a%0Ab', '%00', '%20', 'x%3Fy']) {
        assertRefused(await cancelAt(`${url}?apikey=${odd}`, {}), 401, /API key/);
      }
      assertRefused(await cancelAt(`${url}?x=1`), 400, /the parameters here are apikey/);
      assertRefused(await cancelAt(url.replace(id, 'no-id')), 404, /no such job/);
      assertRefused(await cancelAt(url.replace('nasa', 'na%2Fsa')), 404, /short code has/);
    }
    assert.equal((await jobAt(jobUrl(stack, id), stack.key)).status, 'scheduled');
  });

  it('on the status host answers 503 while the api service is away', async () => {
    const lonely = await addService(stack, 'status', { API_INTERNAL_URL: 'http://127.0.0.1:1' });
    try {
      const [id = ''] = await makeJobs(pool, 1);
      const answer = await cancelAt(jobUrl(stack, id).replace(stack.statusUrl, lonely.url));
      assertRefused(answer, 503, /try again/);
      assert.equal(answer.headers.get('retry-after'), '2');
    } finally {
      await lonely.stop();
    }
  });

  it('and a worker that takes the job up at the same moment: one of them wins, 300 times', async () => {
    const fixture = await createFixture();
    try {
      const dataset = await fixture.addDataset();
      let cancelled = 0;
      for (let round = 0; round < 300; round += 1) {
        const jobId = await fixture.accept(dataset);
        const early = round % 2 === 0 ? fixture.cancel(jobId) : undefined;
        const claiming = claim(fixture.worker, { jobId, holder: 'racer', leaseMs: 60_000 });
        const won = await (early ?? fixture.cancel(jobId));
        const claimed = await claiming;
        assert.notEqual(claimed.outcome === 'claimed', won, claimed.outcome);
        if (claimed.outcome === 'claimed') await complete(fixture.worker, claimed.claim);
        const { status } = await fixture.read(jobId);
        assert.equal(status, won ? 'cancelled' : 'completed');
        cancelled += Number(won);
      }
      assert.ok(cancelled > 0 && cancelled < 300, `${cancelled} of 300 were cancelled`);
    } finally {
      await fixture.close();
    }
  });
});

describe('a published dataset', () => {
  it("can be reset, and the job's message says from the beginning whom it affects", async () => {
    await pool.query("UPDATE kasabi.dataset SET status = 'published', published = now()");
    try {
      const { text: url } = await submitForm(stack, { jobType: 'reset', startTime: inMs(1_000) });
      const notice = /^The dataset is published: its users cannot change it while/;
      const waiting = await jobAt(url, stack.key);
      assert.equal(waiting.status, 'scheduled');
      assert.match(waiting.message ?? '', notice);
      const { status, message } = await untilEnded(url, stack.key);
      assert.equal(status, 'completed');
      assert.match(message ?? '', notice);
    } finally {
      await pool.query("UPDATE kasabi.dataset SET status = 'draft', published = NULL");
    }
  });
});

describe('documented retention', () => {
  it('ended jobs are kept for 90 days, then pruned; idempotency keys for 24 hours', async () => {
    const [kept = '', old = '', live = ''] = await makeJobs(pool, 3);
    await change(pool, [kept, old], 'failed');
    const age = (id: string, days: number) =>
      pool.query(
        `UPDATE kasabi.job SET created = created - $2 * interval '1 day',
           start_time = start_time - $2 * interval '1 day', end_time = end_time - $2 * interval '1 day'
         WHERE id = $1`,
        [id, days],
      );
    await submitForm(stack, later, { ...key, 'Idempotency-Key': 'to-be-pruned' });
    await pool.query("UPDATE kasabi.idempotency SET created = created - interval '25 hours'");
    await Promise.all([age(kept, 89), age(old, 91), age(live, 91)]);
    const statusOf = async (id: string) => (await ask(jobUrl(stack, id), { headers: key })).status;
    await waitFor(async () => (await statusOf(old)) === 404, { what: 'the pruner' });
    assert.deepEqual([await statusOf(kept), await statusOf(live)], [200, 200]);
    await waitFor(async () => (await keysOf('to-be-pruned')) === 0, { what: 'the key to go' });
  });
});
