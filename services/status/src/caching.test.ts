// What clients and caches may keep.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, ask } from '@kasabi/test/support/client';
import { openRaw } from '@kasabi/test/support/raw-http';
import { change, makeJobs } from '@kasabi/test/support/watch-jobs';
import { type StatusRoutes, startStatusRoutes } from '../test/watch-status.ts';

let status: StatusRoutes;

before(async () => {
  status = await startStatusRoutes();
});
after(() => status?.close());

const look = (id: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(`${status.url}/data/nasa/jobs/${id}`, {
    headers: { X_KASABI_APIKEY: status.key, ...headers },
  });

/** Creates a job and brings it into these states, one after the other. */
async function job(...states: Parameters<typeof change>[2][]): Promise<string> {
  const [id = ''] = await makeJobs(status.database.pool(), 1);
  for (const state of states) await change(status.database.pool(), id, state);
  return id;
}

describe('caching', () => {
  it('an ended job may be cached, privately; a live one has to be asked for', async () => {
    const control = async (id: string) => (await look(id)).headers.get('cache-control');
    assert.equal(await control(await job('running', 'completed')), 'private, max-age=3600');
    assert.equal(await control(await job()), 'private, no-cache');
    assert.equal(await control(await job('running')), 'private, no-cache');
  });

  it('ETag: If-None-Match is answered 304 without a body until the job changes', async () => {
    const id = await job();
    const tag = (await look(id)).headers.get('etag') ?? '';
    assert.match(tag, /^"[\w-]{27}"$/);
    const { port } = status;
    for (const known of [tag, `W/${tag}`, `"a,b", ${tag}`, `"x",W/${tag}`, '*', ' * ']) {
      const connection = await openRaw(port);
      connection.write(
        `GET /data/nasa/jobs/${id} HTTP/1.1\r\nHost: h\r\nX_KASABI_APIKEY: ${status.key}\r\n` +
          `If-None-Match: ${known}\r\nConnection: close\r\n\r\n`,
      );
      const [answer] = await connection.untilClosed();
      assert.equal(answer?.status, 304, known);
      assert.match(connection.text(), /\r\n\r\n$/, 'no body follows');
      assert.equal(answer?.headers['etag'], tag);
      assert.equal(answer?.headers['cache-control'], 'private, no-cache');
      assert.ok(answer?.headers['retry-after']);
    }
    for (const other of ['"x"', '"a,*,b"', tag.slice(1, -1), `"${tag}`, '']) {
      assert.equal((await look(id, { 'If-None-Match': other })).status, 200, other);
    }
    await change(status.database.pool(), id, 'running');
    const changed = await look(id, { 'If-None-Match': tag });
    assert.equal(changed.status, 200);
    assert.notEqual(changed.headers.get('etag'), tag);
  });
});
