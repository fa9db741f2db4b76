// Against a peer that misbehaves; the real services are in services.test.ts and services-watch.test.ts.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
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
  startPeer,
} from '../test/peer.ts';
import { createClient } from './client.ts';

async function start(...replies: [Reply, ...Reply[]]) {
  const peer = await startPeer(...replies);
  const client = createClient({ apiUrl: peer.url, statusUrl: peer.url, apiKey: 'k' });
  const methods = (): string[] => peer.requests.map((it) => it.method);
  return { client, methods, url: `${peer.url}/data/nasa/jobs/j1` };
}

const tooLate = problem(409, 'not-scheduled');

afterEach(closePeers);

describe('cancel', () => {
  it('resolves with the document, whether the answer has it or not', async () => {
    const { client, methods, url } = await start(
      json(200, cancelled()),
      reply(200, 'Cancelled.\n', { 'Content-Type': 'text/plain' }),
      json(200, cancelled()),
      reply(204, ''),
      json(200, cancelled()),
    );
    for (let left = 3; left > 0; left -= 1) assert.deepEqual(await client.cancel(url), cancelled());
    assert.deepEqual(methods(), ['DELETE', 'DELETE', 'GET', 'DELETE', 'GET']);
  });

  it('resolves if the job was cancelled but the answer was lost', async () => {
    const { client, methods, url } = await start(hangUp, tooLate, json(200, cancelled()));
    assert.deepEqual(await client.cancel({ url }), cancelled());
    assert.deepEqual(methods(), ['DELETE', 'DELETE', 'GET']);
  });

  it('refuses when the job runs or has ended', async () => {
    const failed = { ...cancelled(), attempt: 1 };
    for (const document of [running(), completed(), { ...completed(), attempt: 0 }, failed]) {
      const { client, url } = await start(tooLate, json(200, document));
      await assert.rejects(client.cancel(url), { code: 'not-scheduled', status: 409 });
    }
  });

  it('does not report a job as cancelled that is not', async () => {
    const { client, url } = await start(json(200, job()));
    await assert.rejects(client.cancel(url), { code: 'unexpected-answer' });
  });

  it('refuses as the service does', async () => {
    const { client, methods, url } = await start(problem(404, 'not-found'));
    await assert.rejects(client.cancel(url), { code: 'not-found' });
    assert.deepEqual(methods(), ['DELETE']);
  });
});
