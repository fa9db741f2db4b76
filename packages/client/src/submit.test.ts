// Against a peer that misbehaves; the real services are in services.test.ts and services-watch.test.ts.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import {
  accepted,
  closePeers,
  hangUp,
  job,
  json,
  problem,
  type Reply,
  reply,
  silence,
  startPeer,
} from '../test/peer.ts';
import { createClient } from './client.ts';
import type { ClientOptions } from './settings.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function start(replies: [Reply, ...Reply[]], options: Partial<ClientOptions> = {}) {
  const peer = await startPeer(...replies);
  const client = createClient({
    apiUrl: peer.url,
    statusUrl: peer.url,
    apiKey: 'secret-key',
    ...options,
  });
  const keys = (): unknown[] => peer.requests.map((it) => it.headers['idempotency-key']);
  return { peer, client, keys };
}

after(closePeers);

// Concurrently, because they mostly wait.
describe('submit', { concurrency: true }, () => {
  it("sends the request that the API defines, and reads the job's address", async () => {
    const { peer, client, keys } = await start([accepted('/data/nasa/jobs/j1')]);
    const submitted = await client.submit('nasa');
    assert.deepEqual(submitted, {
      url: `${peer.url}/data/nasa/jobs/j1`,
      id: 'j1',
      document: job(),
    });
    const [request] = peer.requests;
    assert.deepEqual([request?.method, request?.path], ['POST', '/dataset/nasa/jobs']);
    assert.equal(request?.body, '{"jobType":"reset"}');
    assert.equal(request?.headers['content-type'], 'application/json');
    assert.equal(request?.headers.accept, 'application/json');
    assert.equal(request?.headers['x_kasabi_apikey'], 'secret-key');
    assert.match(String(keys()[0]), uuid);
  });

  it('sends a start time in UTC, and a string as it is', async () => {
    const { peer, client } = await start([accepted('/data/nasa/jobs/j1')]);
    await client.submit('nasa', { startTime: new Date('2030-01-01T02:00:00.250+02:00') });
    await client.submit('nasa', { startTime: '2030-01-01T02:00:00+02:00', jobType: 'other' });
    assert.deepEqual(
      peer.requests.map((it) => JSON.parse(it.body)),
      [
        { jobType: 'reset', startTime: '2030-01-01T00:00:00.250Z' },
        { jobType: 'other', startTime: '2030-01-01T02:00:00+02:00' },
      ],
    );
    for (const startTime of [new Date(Number.NaN), new Date(8.64e15)]) {
      await assert.rejects(client.submit('nasa', { startTime }), { code: 'invalid-argument' });
    }
    assert.equal(peer.requests.length, 2);
  });

  it('works below a path, and without a document', async () => {
    const { peer, client } = await start([reply(202, 'x', { Location: '/s/data/nasa/jobs/j1' })]);
    const { apiUrl, statusUrl } = { apiUrl: `${peer.url}/jobs-api/`, statusUrl: `${peer.url}/s` };
    const behind = createClient({ apiUrl, statusUrl, apiKey: 'k' });
    const submitted = await behind.submit('nasa');
    assert.deepEqual([submitted.id, submitted.document], ['j1', undefined]);
    assert.equal(peer.requests[0]?.path, '/jobs-api/dataset/nasa/jobs');
    assert.ok(client);
  });

  it('uses one key for all tries of a call, and another for the next call', async () => {
    const { peer, client, keys } = await start(
      [
        problem(503, 'unavailable', { 'Retry-After': '0' }),
        hangUp,
        // The answer is incomplete: the job exists, but the client cannot know that.
        reply(202, 'half', { Location: '/data/nasa/jobs/j1', 'Content-Length': '1000' }),
        silence,
        problem(409, 'idempotency-in-flight', { 'Retry-After': '0' }),
        accepted('/data/nasa/jobs/j1'),
      ],
      { timeoutMs: 1_500 },
    );
    // A connection with half an answer stays open until the client gives up.
    const submitted = await client.submit('nasa', { startTime: new Date() });
    assert.equal(submitted.id, 'j1');
    assert.equal(peer.requests.length, 6);
    assert.equal(new Set(keys()).size, 1);
    assert.equal(new Set(peer.requests.map((it) => it.body)).size, 1);
    await client.submit('nasa');
    assert.equal(new Set(keys()).size, 2);
  });

  it('uses the key it is given, if that can be sent', async () => {
    const { client, keys } = await start([accepted('/data/nasa/jobs/j1')]);
    await client.submit('nasa', { idempotencyKey: 'nightly-2030-01-01' });
    for (const idempotencyKey of ['', 'a b', 'a\nb', 'é', 'x'.repeat(256)]) {
      await assert.rejects(client.submit('nasa', { idempotencyKey }), { code: 'invalid-argument' });
    }
    assert.deepEqual(keys(), ['nightly-2030-01-01']);
  });

  it('tries again no sooner than Retry-After says, in seconds or as a date', async () => {
    const inTwoSeconds: Reply = (response) => {
      const now = Date.now();
      response.writeHead(503, {
        Date: new Date(now).toUTCString(),
        'Retry-After': new Date(now + 2_000).toUTCString(),
      });
      response.end();
    };
    const { peer, client } = await start([
      problem(429, 'too-many-requests', { 'Retry-After': '1' }),
      inTwoSeconds,
      accepted('/data/nasa/jobs/j1'),
    ]);
    await client.submit('nasa');
    const [first = 0, second = 0, third = 0] = peer.requests.map((it) => it.at);
    assert.ok(second - first >= 995 && second - first < 10_000, `${second - first} ms`);
    assert.ok(third - second >= 1_995 && third - second < 20_000, `${third - second} ms`);
  });

  for (const [status, code] of [
    [400, 'invalid-parameter'],
    [401, 'unauthorized'],
    [404, 'not-found'],
    [429, 'too-many-open-jobs'],
    [422, 'idempotency-key-reused'],
    [500, 'internal-error'],
  ] as const) {
    it(`does not try again after ${status} ${code}, and says what the service said`, async () => {
      const { peer, client } = await start([problem(status, code, { 'Retry-After': '0' })]);
      await assert.rejects(client.submit('nasa'), {
        code,
        status,
        title: `Title of ${code}`,
        detail: `Detail of ${code}.`,
        instance: 'urn:kasabi:request:r1',
        retryAfterMs: 0,
        message: `The service answered ${status}, ${code}: Detail of ${code}.`,
      });
      assert.equal(peer.requests.length, 1);
    });
  }

  it('gives up after maxRetries', async () => {
    const { peer, client } = await start([problem(503, 'unavailable', { 'Retry-After': '0' })], {
      maxRetries: 2,
    });
    await assert.rejects(client.submit('nasa'), { code: 'unavailable' });
    assert.equal(peer.requests.length, 3);
  });

  it('does not take 200, or 202 without a Location, for an accepted job', async () => {
    for (const answer of [json(200, job(), { Location: '/data/nasa/jobs/j1' }), json(202, job())]) {
      const { client, peer } = await start([answer]);
      await assert.rejects(client.submit('nasa'), { code: 'unexpected-answer' });
      assert.equal(peer.requests.length, 1);
    }
  });

  it('refuses a Location elsewhere, and says where the job is', async () => {
    const { client } = await start([accepted('http://elsewhere.example/data/nasa/jobs/j1')]);
    await assert.rejects(client.submit('nasa'), {
      code: 'untrusted-address',
      address: 'http://elsewhere.example/data/nasa/jobs/j1',
    });
  });

  it('sends nothing for a short code that would lead elsewhere', async () => {
    const { peer, client } = await start([accepted('/data/nasa/jobs/j1')]);
    for (const dataset of ['', '..', 'a/b', 'NASA', 'a?b', '%2e%2e', 'x'.repeat(64)]) {
      await assert.rejects(client.submit(dataset), { code: 'invalid-argument' });
    }
    assert.equal(peer.requests.length, 0);
  });
});
