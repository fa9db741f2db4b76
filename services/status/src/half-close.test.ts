// Clients that close their half of the connection after a request, and clients that have gone.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRaw, type RawConnection } from '@kasabi/test/support/raw-http';
import { waitFor } from '@kasabi/test/support/wait-for';
import { change, makeJobs } from '@kasabi/test/support/watch-jobs';
import { type StatusRoutes, startStatusRoutes } from '../test/watch-status.ts';

let status: StatusRoutes;
before(async () => {
  status = await startStatusRoutes();
});
after(() => status?.close());

async function makeJob(): Promise<string> {
  const [id = ''] = await makeJobs(status.database.pool(), 1);
  return id;
}

const waiters = (count: number): Promise<true> =>
  waitFor(() => status.watcher.waiting === count, { what: `${count} to wait`, timeoutMs: 5_000 });

/** Sends a request that is held, and nothing else. */
async function send(path: string, version = '1.1'): Promise<RawConnection> {
  const connection = await openRaw(status.port);
  const lines = [`GET ${path} HTTP/${version}`, 'Host: x', `X_KASABI_APIKEY: ${status.key}`];
  connection.write([...lines, 'Prefer: wait=50', '', ''].join('\r\n'));
  return connection;
}

const pathOf = (id: string): string => `/data/nasa/jobs/${id}`;

describe('a client that closes its half of the connection', () => {
  it('is told of a change that it waits for', async () => {
    const id = await makeJob();
    const connection = await send(pathOf(id));
    await waiters(1);
    connection.socket.end();
    await waitFor(() => connection.text().endsWith('Continue\r\n\r\n'), {
      what: 'an interim answer',
    });
    await change(status.database.pool(), id, 'failed');
    const [answer, ...others] = await connection.untilClosed();
    assert.equal(others.length, 0);
    assert.equal(answer?.status, 200);
    assert.match(answer.body, /"status":"failed"/);
  });

  it('is told of a change that comes at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await makeJob();
      const connection = await send(pathOf(id));
      await waiters(1);
      await Promise.all([
        change(status.database.pool(), id, 'failed'),
        new Promise<void>((resolve) => connection.socket.end(() => resolve())),
      ]);
      const [answer] = await connection.untilClosed();
      assert.match(answer?.body ?? '', /"status":"failed"/);
    }
  });

  it('is also told if it closes immediately after its request', async () => {
    const id = await makeJob();
    const connection = await send(pathOf(id));
    connection.socket.end();
    await waiters(1);
    await change(status.database.pool(), id, 'failed');
    assert.match((await connection.untilClosed()).at(0)?.body ?? '', /"status":"failed"/);
  });

  it('reads a stream to its end', async () => {
    const id = await makeJob();
    const connection = await send(`${pathOf(id)}/events`);
    await waiters(1);
    connection.socket.end();
    await change(status.database.pool(), id, 'failed');
    await connection.untilClosed();
    assert.match(connection.text(), /"status":"scheduled".*"status":"failed".*\r\n0\r\n\r\n$/s);
  });

  it('is told what is known if it speaks HTTP/1.0, which has no interim answers', async () => {
    const id = await makeJob();
    const connection = await send(pathOf(id), '1.0');
    await waiters(1);
    connection.socket.end();
    const [answer] = await connection.untilClosed();
    assert.match(answer?.body ?? '', /"status":"scheduled"/);
    assert.doesNotMatch(connection.text(), /Continue/);
  });
});

describe('a client that has gone', () => {
  it('is neither waited for nor written to', async () => {
    const id = await makeJob();
    const connections = [
      ...[await send(pathOf(id)), await send(`${pathOf(id)}/events`)],
      await send(pathOf(id), '1.0'),
    ];
    await waiters(3);
    for (const connection of connections) connection.destroy();
    await waiters(0);
  });
});
