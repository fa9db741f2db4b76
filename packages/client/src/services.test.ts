// The client against the real services, on a deployment that says "succeeded".
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { issueKey, revokeKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { serviceSettings } from '@kasabi/local';
import { startService, startStack, type TestStack, waitFor } from '@kasabi/test/support';
import { type Client, createClient } from './client.ts';
import type { JobDocument, ListedJob } from './documents.ts';
import type { ClientOptions } from './settings.ts';
import type { SubmitOptions } from './submit.ts';

const mostOpenJobs = 4;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let stack: TestStack;
let client: Client;

before(async () => {
  stack = await startStack({
    serviceEnv: {
      api: { MAX_OPEN_JOBS_PER_DATASET: String(mostOpenJobs) },
      status: { SUCCESS_STATUS: 'succeeded' },
    },
  });
  client = clientOf({});
});
after(() => stack?.stop());

function clientOf(options: Partial<ClientOptions>): Client {
  const { apiUrl, statusUrl, key: apiKey } = stack;
  return createClient({ apiUrl, statusUrl, apiKey, ...options });
}

/** Makes a dataset that no other test uses. */
async function newDataset(code: string): Promise<string> {
  await createDataset(stack.database.pool(), { code, owner: stack.owner });
  return code;
}

async function countRecords(dataset: string): Promise<number | undefined> {
  const { rows } = await stack.database.pool().query<{ count: number }>(
    `SELECT count(*)::int AS count
     FROM kasabi.job j JOIN kasabi.dataset d ON d.id = j.dataset_id WHERE d.code = $1`,
    [dataset],
  );
  return rows[0]?.count;
}

const inMs = (ms: number): Date => new Date(Date.now() + ms);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

describe('submit, status and wait', () => {
  it('see a job through', async () => {
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
    const counting = clientOf({
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

  it('tell what was refused, in the words of the service', async () => {
    const stranger = clientOf({ apiKey: 'not-the-key' });
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
    const dataset = await newDataset('lost');
    let lost = 0;
    const unlucky = clientOf({
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
    const dataset = await newDataset('keyed');
    const options = { idempotencyKey: 'nightly', startTime: inMs(3_600_000) };
    const jobs = await Promise.all([1, 2, 3].map(() => client.submit(dataset, options)));
    jobs.push(await client.submit(dataset, options));
    assert.equal(new Set(jobs.map((it) => it.url)).size, 1);
    assert.equal(await countRecords(dataset), 1);
    const other = { ...options, startTime: inMs(7_200_000) };
    await assert.rejects(client.submit(dataset, other), { code: 'idempotency-key-reused' });
  });

  it('and another are two jobs', async () => {
    const dataset = await newDataset('twice');
    const options = { startTime: inMs(3_600_000) };
    const [first, second] = [
      await client.submit(dataset, options),
      await client.submit(dataset, options),
    ];
    assert.notEqual(first.id, second.id);
    assert.equal(await countRecords(dataset), 2);
  });

  it('is refused, without being repeated, when the dataset has too many open jobs', async () => {
    const dataset = await newDataset('full');
    const options = { startTime: inMs(3_600_000) };
    for (let left = mostOpenJobs; left > 0; left -= 1) await client.submit(dataset, options);
    await assert.rejects(client.submit(dataset, options), { code: 'too-many-open-jobs' });
    assert.equal(await countRecords(dataset), mostOpenJobs);
  });
});

describe('cancel', () => {
  it('calls a job off, and says again that it is off', async () => {
    const job = await client.submit(await newDataset('off'), { startTime: inMs(3_600_000) });
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

describe('watch', () => {
  const statuses = (documents: readonly JobDocument[]): string[] =>
    documents.map((it) => it.status);

  it('sees a job from scheduled to completed', async () => {
    const job = await client.submit(await newDataset('seen'), { startTime: inMs(4_000) });
    const seen = await all(client.watch(job));
    // How long it runs, and whether anybody looks meanwhile, is another matter.
    assert.deepEqual(
      statuses(seen).filter((status) => status !== 'running'),
      ['scheduled', 'completed'],
    );
    assert.deepEqual(seen.at(-1), await client.status(job));
    assert.deepEqual(statuses(await all(client.watch(job))), ['completed']);
  });

  it('hears of a job that is called off, and goes when told to', async () => {
    const job = await client.submit(await newDataset('heard'), { startTime: inMs(3_600_000) });
    const stop = new AbortController();
    const aborted = all(client.watch(job, { signal: stop.signal }));
    const seen: string[] = [];
    for await (const { status } of client.watch(job)) {
      seen.push(status);
      if (status !== 'scheduled') continue;
      stop.abort(new Error('enough'));
      await assert.rejects(aborted, { message: 'enough' });
      await client.cancel(job);
    }
    assert.deepEqual(seen, ['scheduled', 'failed']);
  });
});

describe('a key that is revoked', () => {
  it('ends what waits and watches with it, as unauthorized', async () => {
    const { secret: apiKey, keyId } = await issueKey(stack.database.pool(), stack.owner);
    const short = clientOf({ apiKey });
    const job = await short.submit(await newDataset('revoked'), { startTime: inMs(3_600_000) });
    const seen: JobDocument[] = [];
    const watching = (async () => {
      for await (const document of short.watch(job)) seen.push(document);
    })();
    const both = [watching, short.wait(job, { timeoutMs: 60_000 })].map((ends) =>
      assert.rejects(ends, { code: 'unauthorized', status: 401 }),
    );
    await waitFor(() => seen.length === 1, { what: 'the first event' });
    await revokeKey(stack.database.pool(), keyId);
    await Promise.all(both);
    assert.equal(seen.length, 1);
  });
});

describe('list', () => {
  it('gives all jobs, the newest first, over all pages and by status', async () => {
    const dataset = await newDataset('many');
    const submitted: string[] = [];
    for (let left = 4; left > 0; left -= 1) {
      // A record's id has a millisecond's resolution.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { id } = await client.submit(dataset, { startTime: inMs(3_600_000) });
      submitted.unshift(id);
    }
    const jobs = await all(client.list(dataset, { limit: 3 }));
    const ids = (some: readonly ListedJob[]): string[] => some.map((it) => it.id);
    assert.deepEqual(ids(jobs), submitted);
    const { id, url, ...document } = jobs[0] as ListedJob;
    assert.equal(url, `${stack.statusUrl}/data/${dataset}/jobs/${id}`);
    assert.deepEqual(document, await client.status(url));

    await client.cancel(jobs[1] as ListedJob);
    const failed = await all(client.list(dataset, { status: 'failed', jobType: 'reset' }));
    assert.deepEqual(ids(failed), [submitted[1]]);
    const scheduled = await all(client.list(dataset, { status: 'scheduled', limit: 1 }));
    assert.deepEqual(
      ids(scheduled),
      submitted.filter((it) => it !== submitted[1]),
    );
    const done = await client.wait(await client.submit(dataset), { timeoutMs: 60_000 });
    const completed = await all(client.list(dataset, { status: 'completed' }));
    assert.deepEqual(
      completed.map((it) => [it.status, it.created]),
      [['completed', done.created]],
    );
  });
});

// The last, for the stack has no status service afterwards.
describe('the loss of the status service', () => {
  it('keeps nobody from hearing how a job ended', async () => {
    const patient = clientOf({ maxRetries: 12 });
    const job = await client.submit(await newDataset('kept'), { startTime: inMs(6_000) });
    const seen: string[] = [];
    const waiting = patient.wait(job, { timeoutMs: 60_000 });
    const watching = (async () => {
      for await (const { status } of patient.watch(job)) seen.push(status);
    })();
    const both = Promise.all([waiting, watching]);
    await waitFor(() => seen.length === 1, { what: 'the first event' });
    await stack.status.kill();
    const settings = serviceSettings('status', stack.status.port, {
      databaseUrl: stack.database.url,
      redisUrl: stack.redis.url,
      apiPublicUrl: stack.apiUrl,
      statusPublicUrl: stack.statusUrl,
    });
    const successor = await startService('status', settings);
    try {
      const [ended] = await both;
      assert.equal(ended.status, 'completed');
      assert.deepEqual(
        seen.filter((status) => status !== 'running'),
        ['scheduled', 'completed'],
      );
    } finally {
      await successor.stop();
    }
  });
});
