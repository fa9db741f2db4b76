// The client against the real services: jobs are requested, waited for and cancelled.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestStack } from '@kasabi/test/support';
import { all, inMs, mostOpenJobs, type Services, startServices } from '../test/services.ts';
import type { Client } from './client.ts';
import type { SubmitOptions } from './submit.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let services: Services;
let stack: TestStack;
let client: Client;

before(async () => {
  services = await startServices();
  stack = services.stack;
  client = services.clientOf();
});
after(() => services?.stack.stop());

async function countRecords(dataset: string): Promise<number | undefined> {
  const { rows } = await stack.database.pool().query<{ count: number }>(
    `SELECT count(*)::int AS count
     FROM kasabi.job j JOIN kasabi.dataset d ON d.id = j.dataset_id WHERE d.code = $1`,
    [dataset],
  );
  return rows[0]?.count;
}

describe('submit, status and wait', () => {
  it('follow a job from request to end', async () => {
    const job = await client.submit('nasa');
    assert.equal(job.url, `${stack.statusUrl}/data/nasa/jobs/${job.id}`);
    assert.match(job.id, uuid);
    assert.deepEqual([job.document?.status, job.document?.dataset], ['scheduled', 'nasa']);
    const ended = await client.wait(job, { timeoutMs: 60_000 });
    assert.deepEqual(
      [ended.status, ended.jobStatus, ended.jobType, ended.dataset, ended.attempt],
      ['completed', 'applied', 'reset', 'nasa', 1],
    );
    assert.deepEqual(await client.status(job.url), ended);
    const raw = await fetch(job.url, { headers: { X_KASABI_APIKEY: stack.key } });
    assert.equal(((await raw.json()) as { status: string }).status, 'succeeded');
  });

  it('wait without asking again and again', async () => {
    let asked = 0;
    const counting = services.clientOf({
      fetch: (url, init) => {
        asked += 1;
        return fetch(url, init);
      },
    });
    const startTime = inMs(2_500);
    const job = await client.submit('nasa', { startTime });
    const ended = await counting.wait(job, { timeoutMs: 60_000 });
    assert.equal(ended.startTime, `${startTime.toISOString().slice(0, 19)}Z`);
    assert.ok(asked <= 3, `asked ${asked} times`);
  });

  it('give up waiting, and the job goes on', async () => {
    const job = await client.submit('nasa', { startTime: inMs(5_000) });
    await assert.rejects(client.wait(job, { timeoutMs: 300 }), { code: 'wait-timed-out' });
    assert.equal((await client.wait(job, { timeoutMs: 60_000 })).status, 'completed');
  });

  it('report a refusal in the words of the service', async () => {
    const stranger = services.clientOf({ apiKey: 'not-the-key' });
    const submit = (options: SubmitOptions) => client.submit('nasa', options);
    const unknown = `${stack.statusUrl}/data/nasa/jobs/1`;
    for (const [ask, code, status, detail] of [
      [() => stranger.submit('nasa'), 'unauthorized', 401, /needs the API key/],
      [() => all(stranger.list('nasa')), 'unauthorized', 401, /needs the API key/],
      [() => client.submit('mars'), 'not-found', 404, /no dataset mars/],
      [() => client.status(unknown), 'not-found', 404, /no such job/],
      [() => all(client.watch(unknown)), 'not-found', 404, /no such job/],
      [() => client.cancel(unknown), 'not-found', 404, /no such job/],
      [() => submit({ jobType: 'rest' }), 'invalid-parameter', 400, /did you mean reset/],
      [() => submit({ startTime: 'soon' }), 'invalid-parameter', 400, /RFC 3339/],
    ] as const) {
      await assert.rejects(ask(), (error: Error & Record<string, unknown>) => {
        assert.deepEqual([error['code'], error['status']], [code, status]);
        assert.match(String(error['detail']), detail);
        assert.match(String(error['instance']), /^urn:kasabi:request:/);
        return true;
      });
    }
  });
});

describe('one wish', () => {
  it('is one job, although its answer was lost twice', async () => {
    const dataset = await services.newDataset('lost');
    let lost = 0;
    const unlucky = services.clientOf({
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (lost === 2) return response;
        lost += 1;
        await response.text();
        throw new TypeError('the answer is lost');
      },
    });
    const job = await unlucky.submit(dataset, { startTime: inMs(3_600_000) });
    assert.equal(lost, 2);
    assert.equal(await countRecords(dataset), 1);
    const { rows } = await stack.database
      .pool()
      .query('SELECT id FROM kasabi.job WHERE id = $1', [job.id]);
    assert.equal(rows.length, 1);
  });

  it('is one job under one key, however many ask', async () => {
    const dataset = await services.newDataset('keyed');
    const options = { idempotencyKey: 'nightly', startTime: inMs(3_600_000) };
    const jobs = await Promise.all([1, 2, 3].map(() => client.submit(dataset, options)));
    jobs.push(await client.submit(dataset, options));
    assert.equal(new Set(jobs.map((it) => it.url)).size, 1);
    assert.equal(await countRecords(dataset), 1);
    const other = { ...options, startTime: inMs(7_200_000) };
    await assert.rejects(client.submit(dataset, other), { code: 'idempotency-key-reused' });
  });

  it('and another are two jobs', async () => {
    const dataset = await services.newDataset('twice');
    const options = { startTime: inMs(3_600_000) };
    const [first, second] = [
      await client.submit(dataset, options),
      await client.submit(dataset, options),
    ];
    assert.notEqual(first.id, second.id);
    assert.equal(await countRecords(dataset), 2);
  });

  it('is refused, without being repeated, when the dataset has too many open jobs', async () => {
    const dataset = await services.newDataset('full');
    const options = { startTime: inMs(3_600_000) };
    for (let left = mostOpenJobs; left > 0; left -= 1) await client.submit(dataset, options);
    await assert.rejects(client.submit(dataset, options), { code: 'too-many-open-jobs' });
    assert.equal(await countRecords(dataset), mostOpenJobs);
  });
});

describe('cancel', () => {
  it('cancels a job, and says so again when asked again', async () => {
    const job = await client.submit(await services.newDataset('off'), {
      startTime: inMs(3_600_000),
    });
    const waiting = client.wait(job, { timeoutMs: 60_000 });
    const cancelled = await client.cancel(job);
    assert.deepEqual([cancelled.status, cancelled.attempt], ['failed', 0]);
    assert.match(cancelled.message ?? '', /^Cancelled by owner/);
    assert.deepEqual(await client.cancel(job.url), cancelled);
    assert.deepEqual(await waiting, cancelled);
  });

  it('is refused for a job that has ended', async () => {
    const job = await client.submit('nasa');
    await client.wait(job, { timeoutMs: 60_000 });
    await assert.rejects(client.cancel(job), { code: 'not-scheduled', status: 409 });
  });
});
