// What is true of every request: where the key goes; and the options of a client.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { apiKey, clientOf, failureOf, jobAt } from '../test/client-of-peer.ts';
import { closePeers, hangUp, job, json, reply, silence, startPeer } from '../test/peer.ts';
import { createClient } from './client.ts';

afterEach(closePeers);

describe('the key', () => {
  it('goes to no address but those of the two origins', async () => {
    const elsewhere = await startPeer(json(200, job()));
    const peer = await startPeer(json(200, job()));
    const client = clientOf(peer);
    const named = elsewhere.url.replace('127.0.0.1', 'localhost');
    for (const address of [
      jobAt(elsewhere),
      named,
      'file:///etc/passwd',
      'data:application/json,{}',
    ]) {
      await assert.rejects(client.status(address), { code: 'untrusted-address' });
    }
    const withPassword = jobAt(peer).replace('http://', 'http://user:password@');
    await assert.rejects(client.status(withPassword), { code: 'untrusted-address' });
    await assert.rejects(client.status('/data/nasa/jobs/j1'), { code: 'invalid-argument' });
    assert.deepEqual([elsewhere.requests.length, peer.requests.length], [0, 0]);
  });

  it('does not follow a redirect elsewhere', async () => {
    const elsewhere = await startPeer(json(200, job()));
    for (const status of [301, 302, 303, 307, 308]) {
      const peer = await startPeer(reply(status, 'moved', { Location: jobAt(elsewhere) }));
      const error = await failureOf(clientOf(peer).status(jobAt(peer)));
      assert.equal('code' in error && error.code, 'untrusted-address');
    }
    assert.equal(elsewhere.requests.length, 0);
  });

  it('follows a redirect from one of the two origins to the other, with its method', async () => {
    const api = await startPeer(json(200, job({ status: 'succeeded', endTime: 'now' })));
    const peer = await startPeer(reply(307, 'moved', { Location: `${api.url}/there` }));
    const client = clientOf(peer, { apiUrl: api.url });
    await client.cancel(jobAt(peer));
    assert.deepEqual(
      api.requests.map((it) => [it.method, it.path, it.headers['x_kasabi_apikey']]),
      [['DELETE', '/there', apiKey]],
    );
  });

  it('follows no redirect that would make a POST a GET', async () => {
    for (const status of [301, 302, 303]) {
      const peer = await startPeer(reply(status, 'moved', { Location: '/there' }));
      await assert.rejects(clientOf(peer).submit('nasa'), { code: `http-${status}`, status });
      assert.equal(peer.requests.length, 1);
    }
  });

  it('does not follow redirects forever', async () => {
    const peer = await startPeer(reply(302, 'moved', { Location: '/again' }));
    await assert.rejects(clientOf(peer).status(jobAt(peer)), { code: 'unexpected-answer' });
    assert.equal(peer.requests.length, 6);
  });

  it('is in no error, whatever the service repeats', async () => {
    const encoded = encodeURIComponent(apiKey);
    const echo = `You sent ${apiKey}, or ${encoded}.`;
    const detail = JSON.stringify({ type: `urn:${apiKey}`, title: echo, detail: echo });
    const peer = await startPeer(
      reply(400, detail, { 'Content-Type': 'application/problem+json' }),
      reply(400, echo, { 'Content-Type': 'text/plain' }),
      reply(200, echo, { 'Content-Type': 'application/json' }),
      hangUp,
      silence,
    );
    const client = clientOf(peer, { timeoutMs: 2_000 });
    const codes: unknown[] = [];
    for (let left = 5; left > 0; left -= 1) {
      const error = await failureOf(client.status(`${jobAt(peer)}?apikey=${encoded}`));
      const shown = inspect(error, { depth: 9 });
      assert.ok(!shown.includes(apiKey) && !shown.includes(encoded), shown);
      codes.push((error as { code?: unknown }).code);
    }
    assert.deepEqual(codes, [
      'http-400',
      'http-400',
      'unexpected-answer',
      'connection-failed',
      'request-timed-out',
    ]);
    assert.doesNotMatch(inspect(client, { depth: 9 }), /secret/);
  });

  it('is refused if it cannot be sent, without being quoted', () => {
    for (const key of ['', 'secret key', 'secret\r\nX: y', 'secrét']) {
      assert.throws(
        () => createClient({ apiUrl: 'http://a.test', statusUrl: 'http://b.test', apiKey: key }),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'invalid-argument');
          assert.doesNotMatch(inspect(error), /secr/);
          return true;
        },
      );
    }
  });
});

describe('createClient', () => {
  it('names the invalid option', () => {
    const fine = { apiUrl: 'http://a.test/x/', statusUrl: new URL('https://b.test'), apiKey: 'k' };
    createClient(fine);
    for (const [option, value] of [
      ['apiUrl', 'a.test'],
      ['apiUrl', 'ftp://a.test'],
      ['statusUrl', 'http://user@b.test'],
      ['statusUrl', 'http://b.test?apikey=k'],
      ['timeoutMs', 0],
      ['timeoutMs', Number.NaN],
      ['timeoutMs', Number.POSITIVE_INFINITY],
      ['maxRetries', -1],
      ['maxRetries', 1.5],
    ] as const) {
      assert.throws(() => createClient({ ...fine, [option]: value }), {
        code: 'invalid-argument',
        message: new RegExp(`^${option} must (be|not have) `),
      });
    }
  });

  it('uses the fetch it is given', async () => {
    const asked: string[] = [];
    const peer = await startPeer(json(200, job()));
    const client = clientOf(peer, {
      fetch: (url, init) => {
        asked.push(`${init.method} ${url}`);
        return fetch(url, init);
      },
    });
    await client.status(new URL(jobAt(peer)));
    assert.deepEqual(asked, [`GET ${jobAt(peer)}`]);
  });
});
