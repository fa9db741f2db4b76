// How the two HTTP services stop: in order, and without waiting for clients that ask for nothing.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { startStack, type TestService, type TestStack, waitFor } from '@kasabi/test/support';
import { countRecords } from '@kasabi/test/support/client';
import { openRaw, type RawConnection } from '@kasabi/test/support/raw-http';

let stack: TestStack | undefined;
const connections: RawConnection[] = [];

async function start(env: NodeJS.ProcessEnv = {}): Promise<TestStack> {
  stack = await startStack({ workers: 0, env });
  return stack;
}

async function open(service: TestService): Promise<RawConnection> {
  const connection = await openRaw(service.port);
  connections.push(connection);
  return connection;
}

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.destroy();
  await stack?.stop();
  stack = undefined;
});

/** Asks a service to stop and resolves to how it ended and how long that took, in milliseconds. */
async function terminate(service: TestService): Promise<{ code: number | null; took: number }> {
  const began = performance.now();
  process.kill(service.pid, 'SIGTERM');
  const { code } = await service.exited;
  return { code, took: performance.now() - began };
}

function refusesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

const submission = (key: string): string =>
  `POST /dataset/nasa/jobs?jobType=reset HTTP/1.1\r\nHost: x\r\nX_KASABI_APIKEY: ${key}\r\nContent-Length: 0\r\n\r\n`;

describe('SIGTERM', () => {
  it('lets requests under way have their answers: as many records as there were 202s', async () => {
    const { api, key } = await start();
    const clients = await Promise.all(Array.from({ length: 20 }, () => open(api)));
    for (const client of clients) client.write(submission(key).repeat(10));
    await clients[0]?.answered(1);
    const { code } = await terminate(api);
    assert.equal(code, 0);
    assert.ok(await refusesConnections(api.port));
    const answers = (await Promise.all(clients.map((client) => client.untilClosed()))).flat();
    assert.ok(answers.length > 0);
    for (const { status, body } of answers) assert.equal(status, 202, body);
    assert.equal(await countRecords(stack as TestStack), answers.length);
  });

  it('is answered 503 by readyz, and once more by each connection that a proxy kept', async () => {
    const { api, status, key } = await start({ DRAIN_MS: '60000', SHUTDOWN_TIMEOUT_MS: '40000' });
    const ready = 'GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n';
    const kept = async (service: TestService): Promise<RawConnection> => {
      const connection = await open(service);
      connection.write(ready);
      await connection.answered(1);
      return connection;
    };
    const head = `HTTP/1.1\r\nHost: x\r\nX_KASABI_APIKEY: ${key}\r\n`;
    const asked = await kept(api);
    asked.write(submission(key));
    const { pathname } = new URL((await asked.answered(2)).at(-1)?.body ?? '');
    for (const [service, requests] of [
      [api, [ready, submission(key)]],
      [status, [ready, `GET ${pathname} ${head}Prefer: wait=60\r\n\r\n`]],
    ] as const) {
      const [probe, proxied] = [await kept(service), await kept(service)];
      const stopped = terminate(service);
      await waitFor(() => refusesConnections(service.port), { what: 'the stop to begin' });
      for (const [at, connection] of [probe, proxied].entries()) {
        connection.write(requests[at] ?? '');
        await connection.answered(2);
      }
      asked.destroy();
      assert.equal((await stopped).code, 0);
      const [[, unready], [, answered]] = [await probe.untilClosed(), await proxied.untilClosed()];
      assert.equal(unready?.status, 503);
      assert.equal(unready.body, 'stopping\n');
      assert.equal(answered?.status, service === api ? 202 : 200);
      for (const answer of [unready, answered]) assert.equal(answer.headers['connection'], 'close');
    }
    assert.equal(await countRecords(stack as TestStack), 2);
  });

  it('is not held up by connections that are idle, silent, or half-way through their headers', async () => {
    const { api, status } = await start();
    for (const service of [api, status]) {
      const [idle, silent, partial] = [
        await open(service),
        await open(service),
        await open(service),
      ];
      idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      partial.write('GET /healthz HTTP/1.1\r\nHost:');
      await idle.answered(1);
      const { code, took } = await terminate(service);
      assert.equal(code, 0);
      assert.ok(took < 2_000, `${service.name} took ${took} ms`);
      for (const connection of [idle, silent, partial]) await connection.untilClosed(1_000);
    }
  });

  it('cuts off a request that does not arrive, in time for an orderly end', async () => {
    const { api, key } = await start();
    const slow = await open(api);
    slow.write(submission(key).replace('Content-Length: 0', 'Content-Length: 100'));
    // Its request must have been read before the signal; another one after it shows that.
    const probe = await open(api);
    probe.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await probe.answered(1);
    const { code, took } = await terminate(api);
    assert.equal(code, 0);
    assert.ok(took < 10_000, `it took ${took} ms`);
    assert.deepEqual(await slow.untilClosed(), []);
    assert.equal(await countRecords(stack as TestStack), 0);
  });

  it('ends waits and event streams', async () => {
    const { api, status, key } = await start();
    const submitter = await open(api);
    submitter.write(submission(key));
    const [answer] = await submitter.answered(1);
    const { pathname } = new URL(answer?.body ?? '');
    const head = `HTTP/1.1\r\nHost: x\r\nX_KASABI_APIKEY: ${key}\r\n`;
    const [waiter, stream] = [await open(status), await open(status)];
    waiter.write(`GET ${pathname} ${head}Prefer: wait=60\r\n\r\n`);
    stream.write(`GET ${pathname}/events ${head}\r\n`);
    await waitFor(() => stream.text().includes('event: status'), { what: 'the first event' });
    const { code, took } = await terminate(status);
    assert.equal(code, 0);
    assert.ok(took < 2_000, `it took ${took} ms`);
    const [waited] = await waiter.untilClosed(1_000);
    assert.equal(waited?.status, 200);
    assert.equal(JSON.parse(waited.body).status, 'scheduled');
    await stream.untilClosed(1_000);
    assert.match(stream.text(), /\r\n0\r\n\r\n$/, 'the stream ends in order');
  });
});
