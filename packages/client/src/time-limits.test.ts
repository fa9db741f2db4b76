// What is true of every request: time limits, aborts, and what is left behind.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { waitFor } from '@kasabi/test/support/wait-for';
import { clientOf, failureOf, jobAt } from '../test/client-of-peer.ts';
import {
  closePeers,
  job,
  json,
  problem,
  type Reply,
  reply,
  silence,
  startPeer,
} from '../test/peer.ts';
import type { Client } from './client.ts';

afterEach(closePeers);

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
      // By now, the answer has arrived, if there is one.
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
    // Fetch itself opens a second one if a request follows immediately after an answer.
    assert.ok(peer.opened <= 2, `${peer.opened} connections`);
  });
});

async function first(items: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of items) return item;
  return undefined;
}
