// What holds for every request: where the key goes, time limits, aborts, and what is left behind.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { waitFor } from '@kasabi/test/support/wait-for';
import {
  closePeers,
  hangUp,
  job,
  json,
  type Peer,
  problem,
  type Reply,
  reply,
  silence,
  startPeer,
} from '../test/peer.ts';
import { type Client, createClient } from './client.ts';
import type { ClientOptions } from './settings.ts';

const apiKey = 'secret+key/1=';

function clientOf(peer: Peer, options: Partial<ClientOptions> = {}): Client {
  return createClient({ apiUrl: peer.url, statusUrl: peer.url, apiKey, maxRetries: 0, ...options });
}

const jobAt = (peer: Peer): string => `${peer.url}/data/nasa/jobs/j1`;

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  return error;
}

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

  it('does not run in circles', async () => {
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
    const client = clientOf(peer, { timeoutMs: 1_000 });
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

  it('is refused when it could not be sent, without being quoted', () => {
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
  it('names the option that cannot be', () => {
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

describe('a time limit', () => {
  it('ends a request that is not answered, or not to its end', async () => {
    const half = reply(200, '{', { 'Content-Length': '1000' });
    for (const answer of [silence, half]) {
      const peer = await startPeer(answer);
      const began = performance.now();
      const failing = clientOf(peer, { timeoutMs: 150 }).status(jobAt(peer));
      await assert.rejects(failing, { code: 'request-timed-out' });
      const took = performance.now() - began;
      assert.ok(took >= 145 && took < 20_000, `${took} ms`);
      await waitFor(() => peer.busy === 0, { what: 'the connection to end' });
    }
  });

  it('names a connection that was refused, with its cause', async () => {
    const peer = await startPeer(silence);
    await peer.close();
    const error = await failureOf(clientOf(peer).status(jobAt(peer)));
    assert.equal('code' in error && error.code, 'connection-failed');
    assert.match(inspect(error.cause), /ECONNREFUSED/);
  });
});

describe('an abort', () => {
  it('ends whatever is waited for at once, with its reason, and closes the connection', async () => {
    const open = reply(200, ': hi\n\n', {
      'Content-Type': 'text/event-stream',
      'Content-Length': '1000',
    });
    for (const [what, answer, use] of [
      ['submit', silence, (client, _at, signal) => client.submit('nasa', { signal })],
      ['submit, half answered', open, (client, _at, signal) => client.submit('nasa', { signal })],
      ['status', silence, (client, at, signal) => client.status(at, { signal })],
      ['wait', silence, (client, at, signal) => client.wait(at, { signal })],
      [
        'wait, between two polls',
        json(200, job(), { 'Retry-After': '60' }),
        (client, at, signal) => client.wait(at, { signal }),
      ],
      ['cancel', silence, (client, at, signal) => client.cancel(at, { signal })],
      ['watch', open, (client, at, signal) => first(client.watch(at, { signal }))],
      ['watch, unanswered', silence, (client, at, signal) => first(client.watch(at, { signal }))],
      ['list', silence, (client, _at, signal) => first(client.list('nasa', { signal }))],
      [
        'a pause before a retry',
        problem(503, 'unavailable', { 'Retry-After': '60' }),
        (client, at, signal) => client.status(at, { signal }),
      ],
    ] as readonly [
      string,
      typeof silence,
      (client: Client, at: string, signal: AbortSignal) => Promise<unknown>,
    ][]) {
      const peer = await startPeer(answer);
      const stop = new AbortController();
      const outcome = use(
        clientOf(peer, { maxRetries: what === 'a pause before a retry' ? 1 : 0 }),
        jobAt(peer),
        stop.signal,
      ).then(
        () => 'no error',
        (error: unknown) => error,
      );
      await waitFor(() => peer.requests.length === 1, { what: 'the request' });
      // Whatever was answered has arrived.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const [reason, began] = [new Error(`no more ${what}`), performance.now()];
      stop.abort(reason);
      assert.equal(await outcome, reason);
      assert.ok(performance.now() - began < 5_000, what);
      await waitFor(() => peer.busy === 0, { what: `the connection of ${what} to end` });
      assert.equal(peer.requests.length, 1, what);
      await peer.close();
    }
  });

  it('that was there before sends nothing', async () => {
    const peer = await startPeer(json(200, job()));
    const client = clientOf(peer);
    const reason = new Error('never mind');
    const signal = AbortSignal.abort(reason);
    for (const failing of [
      client.submit('nasa', { signal }),
      client.wait(jobAt(peer), { signal }),
      first(client.watch(jobAt(peer), { signal })),
    ]) {
      assert.equal(await failureOf(failing), reason);
    }
    assert.equal(peer.requests.length, 0);
  });
});

describe('what is left behind', () => {
  it('is no timer, no listener, and no connection that cannot be used again', async () => {
    const answers: Reply[] = [
      problem(503, 'unavailable', { 'Retry-After': '0' }),
      json(200, job()),
      problem(404, 'not-found'),
      reply(302, 'moved', { Location: '/data/nasa/jobs/j2' }),
      json(200, job()),
      reply(200, 'no JSON'),
      json(200, job({ status: 'completed', endTime: 'now' })),
    ];
    const rounds = 4;
    const peer = await startPeer(json(200, job()), ...Array(rounds).fill(answers).flat());
    const client = clientOf(peer, { timeoutMs: 60_000, maxRetries: 1 });
    const { signal } = new AbortController();
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((it) => it === 'Timeout').length;
    await client.status(jobAt(peer));
    const before = timers();
    for (let left = rounds; left > 0; left -= 1) {
      await client.status(jobAt(peer), { signal });
      await assert.rejects(client.status(jobAt(peer), { signal }), { code: 'not-found' });
      await client.status(jobAt(peer), { signal });
      await assert.rejects(client.status(jobAt(peer), { signal }), { code: 'unexpected-answer' });
      await client.wait(jobAt(peer), { signal, timeoutMs: 60_000 });
    }
    assert.equal(peer.requests.length, 1 + rounds * answers.length);
    assert.equal(timers(), before);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
    // Fetch itself opens a second one when a request follows on the heels of an answer.
    assert.ok(peer.opened <= 2, `${peer.opened} connections`);
  });
});

async function first(items: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of items) return item;
  return undefined;
}
