// Against a peer that misbehaves; the real services are in services.test.ts and services-watch.test.ts.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@kasabi/test/support/wait-for';
import {
  closePeers,
  completed,
  job,
  json,
  problem,
  type Reply,
  running,
  startPeer,
} from '../test/peer.ts';
import { createClient } from './client.ts';
import type { JobDocument } from './documents.ts';
import { type ClientOptions, readSettings } from './settings.ts';
import { createTransport } from './transport.ts';
import { watch } from './watch.ts';

async function start(replies: [Reply, ...Reply[]], options: Partial<ClientOptions> = {}) {
  const peer = await startPeer(...replies);
  const all = { apiUrl: peer.url, statusUrl: peer.url, apiKey: 'k', maxRetries: 2, ...options };
  return { peer, options: all, client: createClient(all), url: `${peer.url}/data/nasa/jobs/j1` };
}

const event = (id: number, document: unknown): string =>
  `id: ${id}\nevent: status\ndata: ${JSON.stringify(document)}\n\n`;

/** Sends an event stream; then ends it, breaks it off, or leaves it open. */
const stream =
  (text: string, then: 'end' | 'break' | 'open' = 'end'): Reply =>
  (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    response.write(text, () => {
      if (then === 'end') response.end();
      // Let it arrive before the reset, which would overtake it.
      if (then === 'break') setTimeout(() => response.destroy(), 30);
    });
  };

async function read(events: AsyncIterable<JobDocument>): Promise<string[]> {
  const seen: string[] = [];
  for await (const { status } of events) seen.push(status);
  return seen;
}

const retryNow = 'retry: 10\n\n';

after(closePeers);

// Concurrently, because they mostly wait.
describe('watch', { concurrency: true }, () => {
  it('gives each status once, and ends with the job', async () => {
    const text = `: hello\n\n${event(1, job())}${event(2, running())}: beat\n\n${event(3, completed('succeeded'))}`;
    const { client, peer, url } = await start([stream(text, 'open')]);
    assert.deepEqual(await read(client.watch(url)), ['scheduled', 'running', 'completed']);
    assert.equal(peer.requests[0]?.path, '/data/nasa/jobs/j1/events');
    assert.match(peer.requests[0]?.headers.accept ?? '', /^text\/event-stream\b/);
    await waitFor(() => peer.busy === 0, { what: 'the connection to end' });
    assert.equal(peer.requests.length, 1);
  });

  it('resumes after the last event when the stream ends or breaks, and repeats none', async () => {
    const { client, peer, url } = await start([
      stream(`${retryNow}${event(1, job())}`),
      problem(503, 'unavailable', { 'Retry-After': '0' }),
      // It cannot resume, and begins with what the client already knows.
      stream(`${retryNow}${event(1, job())}${event(2, running())}id: 3\nevent: sta`, 'break'),
      stream(`${retryNow}: nothing new\n\n`),
      stream(event(3, completed())),
    ]);
    assert.deepEqual(await read(client.watch({ url })), ['scheduled', 'running', 'completed']);
    assert.deepEqual(
      peer.requests.map((it) => it.headers['last-event-id']),
      [undefined, '1', '1', '2', '2'],
    );
  });

  it('waits before it reconnects as long as the stream asks', async () => {
    const { client, peer, url } = await start([
      stream(`retry: 2000\n${event(1, job())}`),
      stream(event(2, completed())),
    ]);
    await read(client.watch(url));
    const [first = 0, second = 0] = peer.requests.map((it) => it.at);
    assert.ok(second - first >= 1_995 && second - first < 20_000, `${second - first} ms`);
  });

  it('gives up if one connection after another brings nothing', async () => {
    const { client, peer, url } = await start([stream(event(1, job())), stream('')], {
      maxRetries: 1,
    });
    const seen: string[] = [];
    const failing = (async () => {
      for await (const { status } of client.watch(url)) seen.push(status);
    })();
    await assert.rejects(failing, { code: 'connection-failed' });
    assert.deepEqual(seen, ['scheduled']);
    assert.equal(peer.requests.length, 3);
  });

  it('treats a stream without a heartbeat as lost, however long its reader takes', async () => {
    const { options, peer, url } = await start(
      [
        stream(`${retryNow}${event(1, job())}${event(2, running())}`, 'open'),
        stream(event(3, completed()), 'open'),
      ],
      { timeoutMs: 1_500 },
    );
    const transport = createTransport(readSettings(options));
    const seen: string[] = [];
    for await (const { status } of watch(transport, url, { heartbeatMs: 500 })) {
      seen.push(status);
      if (status === 'scheduled') {
        await sleep(2_500);
        assert.equal(peer.busy, 1, 'the connection lives while we are busy');
      }
    }
    assert.deepEqual(seen, ['scheduled', 'running', 'completed']);
    assert.equal(peer.requests.length, 2);
  });

  it('reads a character that arrives in two pieces', async () => {
    const bytes = Buffer.from(event(1, { ...completed(), message: 'Señal' }));
    const cut = bytes.indexOf('ñ') + 1;
    const { client, url } = await start([
      (response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write(bytes.subarray(0, cut));
        setTimeout(() => response.end(bytes.subarray(cut)), 100);
      },
    ]);
    for await (const { message } of client.watch(url)) assert.equal(message, 'Señal');
  });

  it('stays open on heartbeats alone', async () => {
    const beating: Reply = (response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      let left = 10;
      const beat = setInterval(() => {
        left -= 1;
        response.write(left > 0 ? ': beat\n\n' : event(1, completed()));
        if (left === 0) clearInterval(beat);
      }, 300);
    };
    const { options, peer, url } = await start([beating], { timeoutMs: 2_000 });
    const transport = createTransport(readSettings(options));
    assert.deepEqual(await read(watch(transport, url, { heartbeatMs: 500 })), ['completed']);
    assert.equal(peer.requests.length, 1);
  });

  it('closes its connection when the reader has seen enough', async () => {
    const { client, peer, url } = await start([stream(event(1, job()), 'open')]);
    const { signal } = new AbortController();
    for await (const { status } of client.watch(url, { signal })) {
      assert.equal(status, 'scheduled');
      break;
    }
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
    await waitFor(() => peer.busy === 0, { what: 'the connection to end' });
  });

  it('stops between two events that came together when the signal aborts', async () => {
    const { client, url } = await start([stream(event(1, job()) + event(2, running()), 'open')]);
    const stop = new AbortController();
    const seen: string[] = [];
    const failing = (async () => {
      for await (const { status } of client.watch(url, { signal: stop.signal })) {
        seen.push(status);
        stop.abort(new Error('enough'));
      }
    })();
    await assert.rejects(failing, { message: 'enough' });
    assert.deepEqual(seen, ['scheduled']);
  });

  it('says so if there is no stream, or if it contains nonsense', async () => {
    for (const [answer, code] of [
      [json(200, job()), 'unexpected-answer'],
      [stream('event: status\ndata: nonsense\n\n', 'open'), 'unexpected-answer'],
      [problem(404, 'not-found'), 'not-found'],
      [problem(401, 'unauthorized'), 'unauthorized'],
    ] as const) {
      const { client, peer, url } = await start([answer]);
      await assert.rejects(read(client.watch(url)), { code });
      await waitFor(() => peer.busy === 0, { what: 'the connection to end' });
      assert.equal(peer.requests.length, 1);
    }
  });
});
