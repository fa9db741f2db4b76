// Against a peer that misbehaves; the real services are in services.test.ts and services-watch.test.ts.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import {
  closePeers,
  completed,
  job,
  json,
  problem,
  type Reply,
  reply,
  startPeer,
} from '../test/peer.ts';
import { createClient } from './client.ts';
import type { ListedJob } from './documents.ts';

async function start(...replies: [Reply, ...Reply[]]) {
  const peer = await startPeer(...replies);
  const client = createClient({
    apiUrl: peer.url,
    statusUrl: peer.url,
    apiKey: 'k',
    maxRetries: 1,
  });
  return { peer, client };
}

const listed = (id: string) => ({ id, url: `http://x.test/${id}`, ...completed('succeeded') });

const page = (ids: readonly string[], link?: string): Reply =>
  json(200, { jobs: ids.map(listed) }, link === undefined ? {} : { Link: link });

async function idsOf(jobs: AsyncIterable<ListedJob>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of jobs) ids.push(id);
  return ids;
}

afterEach(closePeers);

describe('list', () => {
  it('reads all pages, with the filters of the first, and repeats none', async () => {
    const { client, peer } = await start(
      page(['c', 'b'], '</data/nasa/jobs?cursor=1>; rel="next", </data/nasa/jobs>; rel="first"'),
      problem(503, 'unavailable', { 'Retry-After': '0' }),
      page([], '<?cursor=2>; rel=next'),
      page(['a'], '</data/nasa/jobs>; rel="first"'),
    );
    const jobs = client.list('nasa', { status: 'completed', jobType: 'reset', limit: 2 });
    assert.deepEqual(await idsOf(jobs), ['c', 'b', 'a']);
    assert.deepEqual(
      peer.requests.map((it) => it.path),
      [
        '/data/nasa/jobs?status=completed&jobType=reset&limit=2',
        '/data/nasa/jobs?cursor=1',
        '/data/nasa/jobs?cursor=1',
        '/data/nasa/jobs?cursor=2',
      ],
    );
  });

  it('resolves the next page against the address of the page', async () => {
    const { client, peer } = await start(
      reply(307, 'moved', { Location: '/moved/jobs' }),
      page(['b'], '<?cursor=1>; rel="next"'),
      page(['a']),
    );
    assert.deepEqual(await idsOf(client.list('nasa')), ['b', 'a']);
    assert.equal(peer.requests[2]?.path, '/moved/jobs?cursor=1');
  });

  it('gives each job with its address and its document', async () => {
    const { client } = await start(page(['a']));
    for await (const it of client.list('nasa')) {
      assert.deepEqual(it, { id: 'a', url: 'http://x.test/a', ...completed() });
    }
  });

  it('fetches no page that is not read', async () => {
    const { client, peer } = await start(page(['b', 'a'], '<?cursor=1>; rel="next"'), page(['x']));
    for await (const { id } of client.list('nasa')) if (id === 'a') break;
    assert.equal(peer.requests.length, 1);
    assert.equal(peer.requests[0]?.path, '/data/nasa/jobs');
  });

  it('refuses a next page elsewhere, and one that is the same', async () => {
    for (const [link, code] of [
      ['<http://elsewhere.example/?cursor=1>; rel="next"', 'untrusted-address'],
      ['</data/nasa/jobs>; rel="next"', 'unexpected-answer'],
      ['<http://>; rel="next"', 'untrusted-address'],
    ] as const) {
      const { client, peer } = await start(page(['a'], link));
      await assert.rejects(idsOf(client.list('nasa')), { code });
      assert.equal(peer.requests.length, 1);
    }
  });

  it('stops in the middle of a page when the signal aborts', async () => {
    const { client } = await start(page(['b', 'a']));
    const stop = new AbortController();
    const seen: string[] = [];
    const failing = (async () => {
      for await (const { id } of client.list('nasa', { signal: stop.signal })) {
        seen.push(id);
        stop.abort(new Error('enough'));
      }
    })();
    await assert.rejects(failing, { message: 'enough' });
    assert.deepEqual(seen, ['b']);
  });

  it('says so if the answer is not a list', async () => {
    for (const answer of [{}, { jobs: {} }, { jobs: [null] }, { jobs: [job()] }, []]) {
      const { client } = await start(json(200, answer));
      await assert.rejects(idsOf(client.list('nasa')), { code: 'unexpected-answer' });
    }
    const { client } = await start(problem(400, 'invalid-parameter'));
    await assert.rejects(idsOf(client.list('nasa')), { code: 'invalid-parameter' });
    await assert.rejects(idsOf(client.list('..')), { code: 'invalid-argument' });
  });
});
