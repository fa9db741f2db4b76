import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask, assertRefused } from '@kasabi/test/support/client';
import { openRaw } from '@kasabi/test/support/raw-http';
import { waitFor } from '@kasabi/test/support/wait-for';
import { change, type Events, makeJobs, openEvents } from '@kasabi/test/support/watch-jobs';
import { type StatusRoutes, startStatusRoutes } from '../test/watch-status.ts';

let status: StatusRoutes;
let quiet: Events;

before(async () => {
  status = await startStatusRoutes();
  // A stream without events, while the other tests run.
  quiet = await openEvents(urlOf(await makeJob()), key());
});
after(() => status?.close());

const key = (): Record<string, string> => ({ X_KASABI_APIKEY: status.key });
const urlOf = (id: string): string => `${status.url}/data/nasa/jobs/${id}/events`;

async function makeJob(): Promise<string> {
  const [id = ''] = await makeJobs(status.database.pool(), 1);
  return id;
}

const advance = (id: string, state: Parameters<typeof change>[2]): Promise<void> =>
  change(status.database.pool(), id, state);

const waiters = (count: number): Promise<true> =>
  waitFor(() => status.watcher.waiting === count, { what: `${count} to wait` });

describe('an event stream that was interrupted', () => {
  it('continues after Last-Event-ID: with the current state if it is new, silent if not', async () => {
    const id = await makeJob();
    const before = await openEvents(urlOf(id), key());
    const first = await before.nth(1);
    before.close();

    const same = await openEvents(urlOf(id), { ...key(), 'Last-Event-ID': first['id'] ?? '' });
    await waiters(2);
    assert.deepEqual(same.events(), []);
    await advance(id, 'running');
    assert.equal(JSON.parse((await same.nth(1))['data'] ?? '').status, 'running');
    same.close();

    await waiters(1);
    const news = await openEvents(urlOf(id), { ...key(), 'Last-Event-ID': first['id'] ?? '' });
    assert.equal(JSON.parse((await news.nth(1))['data'] ?? '').status, 'running');
    news.close();
  });

  it('is 204 when nothing is left to tell, so that an EventSource stays away', async () => {
    const id = await makeJob();
    await advance(id, 'failed');
    const stream = await openEvents(urlOf(id), key());
    await stream.ended;
    const [event, ...more] = stream.events();
    assert.deepEqual(more, []);
    assert.equal(JSON.parse(event?.['data'] ?? '').status, 'failed');
    const headers = { ...key(), 'Last-Event-ID': event?.['id'] ?? '' };
    const again = await ask(urlOf(id), { headers });
    assert.deepEqual([again.status, again.text], [204, '']);
  });
});

describe('an event stream', () => {
  it('misses no attempt: a job that is retried between two looks has changed', async () => {
    const id = await makeJob();
    await advance(id, 'running');
    const stream = await openEvents(urlOf(id), key());
    await stream.nth(1);
    const client = await status.database.pool().connect();
    try {
      // In one commit, so that the watcher cannot look in between.
      await client.query('BEGIN');
      await client.query(
        `UPDATE kasabi.job SET attempt = attempt + 1, message = 'lost' WHERE id = $1`,
        [id],
      );
      await client.query('COMMIT');
    } finally {
      client.release();
    }
    const { status: word, attempt } = JSON.parse((await stream.nth(2))['data'] ?? '');
    assert.deepEqual([word, attempt], ['running', 2]);
    await advance(id, 'completed');
    await stream.ended;
  });

  it('is the same for all who watch a job, whatever each of them already knows', async () => {
    const id = await makeJob();
    const early = await openEvents(urlOf(id), key());
    await early.nth(1);
    await advance(id, 'running');
    await early.nth(2);
    const late = await openEvents(urlOf(id), key());
    await late.nth(1);
    await advance(id, 'completed');
    await Promise.all([early.ended, late.ended]);
    assert.equal(early.events().length, 3);
    assert.deepEqual(late.events(), early.events().slice(1));
  });

  it('answers HEAD with headers alone, and other methods with 405', async () => {
    const url = urlOf(await makeJob());
    const head = await ask(url, { method: 'HEAD', headers: key() });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal(head.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(head.headers.get('cache-control'), 'no-store');
    const post = await ask(url, { method: 'POST', headers: key() });
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD, OPTIONS']);
  });

  it('is refused as the job itself is', async () => {
    const id = await makeJob();
    const headers = { X_KASABI_APIKEY: status.otherKey };
    assertRefused(await ask(urlOf(id), { headers }), 401, /API key/);
    assertRefused(await ask(urlOf('no-id'), { headers: key() }), 404, /no such job/);
  });

  it('is forgotten when its client has gone, even if it had gone before the request was read', async () => {
    await waiters(1);
    const asked = `GET ${new URL(urlOf(await makeJob())).pathname} HTTP/1.1\r\nHost: h\r\n`;
    const line = `${asked}X_KASABI_APIKEY: ${status.key}\r\n\r\n`;
    const connection = await openRaw(status.port);
    connection.write(line.repeat(5));
    await waiters(6);
    connection.destroy();
    await waiters(1);
    for (let round = 0; round < 100; round += 1) {
      const hasty = await openRaw(status.port);
      hasty.socket.end(line.repeat(3));
      setImmediate(() => hasty.destroy());
    }
    await ask(urlOf('no-id'), { headers: key() });
    await waiters(1);
  });

  it('sends a comment now and then, so that no proxy closes it', async () => {
    const comments = () => quiet.text().match(/^: still here$/gm)?.length ?? 0;
    await waitFor(() => comments() > 0, { what: 'a comment', timeoutMs: 20_000 });
    assert.equal(quiet.events().length, 1, 'a comment is no event');
    quiet.close();
    await waiters(0);
  });
});
