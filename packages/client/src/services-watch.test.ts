// The client against the real services: jobs are watched and listed, even while keys or services end.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { issueKey, revokeKey } from '@kasabi/accounts';
import { serviceSettings } from '@kasabi/local';
import { startService, type TestStack, waitFor } from '@kasabi/test/support';
import { all, inMs, type Services, startServices } from '../test/services.ts';
import type { Client } from './client.ts';
import type { JobDocument, ListedJob } from './documents.ts';

let services: Services;
let stack: TestStack;
let client: Client;

before(async () => {
  services = await startServices();
  stack = services.stack;
  client = services.clientOf();
});
after(() => services?.stack.stop());

describe('watch', () => {
  const statuses = (documents: readonly JobDocument[]): string[] =>
    documents.map((it) => it.status);

  it('sees a job from scheduled to completed', async () => {
    const job = await client.submit(await services.newDataset('seen'), { startTime: inMs(4_000) });
    const seen = await all(client.watch(job));
    // Whether its running state is seen depends on how long it runs.
    assert.deepEqual(
      statuses(seen).filter((status) => status !== 'running'),
      ['scheduled', 'completed'],
    );
    assert.deepEqual(seen.at(-1), await client.status(job));
    assert.deepEqual(statuses(await all(client.watch(job))), ['completed']);
  });

  it('hears of a job that is cancelled, and stops when told to', async () => {
    const job = await client.submit(await services.newDataset('heard'), {
      startTime: inMs(3_600_000),
    });
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
  it('ends waiting and watching with it, as unauthorized', async () => {
    const { secret: apiKey, keyId } = await issueKey(stack.database.pool(), stack.owner);
    const short = services.clientOf({ apiKey });
    const job = await short.submit(await services.newDataset('revoked'), {
      startTime: inMs(3_600_000),
    });
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
    const dataset = await services.newDataset('many');
    const submitted: string[] = [];
    for (let left = 4; left > 0; left -= 1) {
      // A record's id has a resolution of a millisecond.
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

// The last one, because the stack has no status service afterwards.
describe('the loss of the status service', () => {
  it('keeps nobody from hearing how a job ended', async () => {
    const patient = services.clientOf({ maxRetries: 12 });
    const job = await client.submit(await services.newDataset('kept'), { startTime: inMs(6_000) });
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
