// Against a peer that misbehaves; the real services are in services.test.ts and services-watch.test.ts.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { waitFor } from '@kasabi/test/support/wait-for';
import {
  cancelled,
  closePeers,
  completed,
  hangUp,
  job,
  json,
  problem,
  type Reply,
  reply,
  running,
  silence,
  startPeer,
} from '../test/peer.ts';
import { createClient } from './client.ts';
import type { ClientOptions } from './settings.ts';

async function start(replies: [Reply, ...Reply[]], options: Partial<ClientOptions> = {}) {
  const peer = await startPeer(...replies);
  const client = createClient({ apiUrl: peer.url, statusUrl: peer.url, apiKey: 'k', ...options });
  return { peer, client, url: `${peer.url}/data/nasa/jobs/j1` };
}

const applied = { 'Preference-Applied': 'wait=25' };

/** Answers after this many milliseconds. */
const held =
  (ms: number, answer: Reply): Reply =>
  (response, request) =>
    void setTimeout(() => answer(response, request), ms);

after(closePeers);

// Concurrently, because they mostly wait.
describe('wait', { concurrency: true }, () => {
  it('lets the service hold the answer, and asks again as soon as it has one', async () => {
    const { client, peer, url } = await start([
      held(300, json(200, running(), { ...applied, 'Retry-After': '60', ETag: '"1"' })),
      held(1_100, reply(304, '', { ...applied, 'Retry-After': '60' })),
      held(100, json(200, completed(), applied)),
    ]);
    assert.deepEqual(await client.wait({ url }), completed());
    const [first = 0, second = 0, third = 0] = peer.requests.map((it) => it.at);
    // Any pause would take at least two seconds.
    assert.ok(second - first < 300 + 1_990, `${second - first} ms`);
    assert.ok(third - second < 1_100 + 1_990, `${third - second} ms`);
    assert.deepEqual(
      peer.requests.map(({ headers }) => [headers['prefer'], headers['if-none-match']]),
      [
        ['wait=25', undefined],
        ['wait=25', '"1"'],
        ['wait=25', '"1"'],
      ],
    );
  });

  it('gives a held answer more time than others', async () => {
    const { client, url } = await start([held(400, json(200, completed(), applied))], {
      timeoutMs: 150,
      maxRetries: 0,
    });
    assert.equal((await client.wait(url)).status, 'completed');
  });

  it('polls as the service advises when that does not hold its answers', async () => {
    const { client, peer, url } = await start([
      json(200, job(), { 'Retry-After': '3' }),
      json(200, running(), { 'Retry-After': '0' }),
      json(200, running()),
      json(200, completed()),
    ]);
    await client.wait(url);
    const at = peer.requests.map((it) => it.at);
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    const expected = [3_000, 250, 2_000];
    for (const [index, pause] of pauses.entries()) {
      const least = expected[index] ?? 0;
      assert.ok(pause >= least - 5 && pause < least + 20_000, `pauses of ${pauses} ms`);
    }
  });

  it('does not ask in a tight loop when the service lets go at once', async () => {
    const { client, peer, url } = await start([
      json(200, job(), { ...applied, 'Retry-After': '3600' }),
    ]);
    const stop = new AbortController();
    const waiting = assert.rejects(client.wait(url, { signal: stop.signal }), {
      message: 'enough',
    });
    await waitFor(() => peer.requests.length === 3, { what: 'three requests', timeoutMs: 30_000 });
    stop.abort(new Error('enough'));
    await waiting;
    // The second answer shows that nothing was held. Then it does not matter when the job is due.
    const [, second = 0, third = 0] = peer.requests.map((it) => it.at);
    assert.ok(third - second >= 1_995, `${third - second} ms`);
  });

  it('takes a wait of 0 for no wait', async () => {
    const { client, peer, url } = await start([
      json(200, job(), { 'Preference-Applied': 'wait=0', 'Retry-After': '60' }),
    ]);
    await assert.rejects(client.wait(url, { timeoutMs: 1_000 }), { code: 'wait-timed-out' });
    assert.equal(peer.requests.length, 1);
  });

  it('gives up after timeoutMs, in the middle of an answer held or of a pause', async () => {
    for (const answer of [silence, json(200, running(), { 'Retry-After': '60' })]) {
      const { client, url } = await start([answer]);
      const began = performance.now();
      await assert.rejects(client.wait(url, { timeoutMs: 200 }), {
        code: 'wait-timed-out',
        message: /^After 200 ms the job had not ended(; it was running)?\.$/,
      });
      const took = performance.now() - began;
      assert.ok(took >= 195 && took < 20_000, `${took} ms`);
    }
    const { client, url } = await start([json(200, completed())]);
    assert.equal((await client.wait(url, { timeoutMs: Infinity })).status, 'completed');
    await assert.rejects(client.wait(url, { timeoutMs: -1 }), { code: 'invalid-argument' });
  });

  it('reads succeeded as completed, and returns a failed job', async () => {
    const { client, url } = await start([
      json(200, completed('succeeded')),
      json(200, { ...cancelled(), more: 'to come' }),
    ]);
    assert.deepEqual(await client.wait(url), completed());
    assert.deepEqual(await client.wait(url), cancelled());
  });

  it('waits for the end time, too', async () => {
    const { client, url } = await start([
      json(200, { ...completed(), endTime: null }, applied),
      json(200, completed()),
    ]);
    assert.deepEqual(await client.wait(url), completed());
  });

  it('survives lost connections and refusals, but not too many in a row', async () => {
    const trouble = problem(503, 'unavailable', { 'Retry-After': '0' });
    const { client, peer, url } = await start(
      [
        hangUp,
        json(200, job(), applied),
        trouble,
        json(200, running(), applied),
        hangUp,
        json(200, completed()),
        trouble,
      ],
      { maxRetries: 1 },
    );
    assert.equal((await client.wait(url)).status, 'completed');
    await assert.rejects(client.wait(url), { code: 'unavailable' });
    assert.equal(peer.requests.length, 8);
  });

  it('says so if the answer is not a job document', async () => {
    for (const document of [
      null,
      [],
      {},
      job({ status: 'done' }),
      job({ endTime: 7 }),
      job({ attempt: '1' }),
      job({ created: undefined }),
    ]) {
      const { client, url } = await start([json(200, document)]);
      await assert.rejects(client.wait(url), { code: 'unexpected-answer' });
    }
    const { client, url } = await start([reply(304, '')]);
    await assert.rejects(client.wait(url), { code: 'unexpected-answer' });
  });
});
