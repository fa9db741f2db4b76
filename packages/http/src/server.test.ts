import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { exchange, openRaw, type RawConnection } from '@kasabi/test/support/raw-http';
import { waitFor } from '@kasabi/test/support/wait-for';
import { type HttpServer, type ListenOptions, listen, PortUnavailable } from './server.ts';

const servers: HttpServer[] = [];
const connections: RawConnection[] = [];

async function start(listener: RequestListener, options: Partial<ListenOptions> = {}) {
  const server = await listen({ listener, port: 0, setting: 'TEST_PORT', ...options });
  servers.push(server);
  return server;
}

async function open(port: number): Promise<RawConnection> {
  const connection = await openRaw(port);
  connections.push(connection);
  return connection;
}

/** Answers `/now` at once, and anything else when the test says so. */
function gate() {
  const waiting: (() => void)[] = [];
  const listener: RequestListener = (request, response) => {
    const answer = (): void => void response.end(`answer to ${request.url}\n`);
    if (request.url === '/now') answer();
    else waiting.push(answer);
  };
  return {
    listener,
    arrived: (count: number) => waitFor(() => waiting.length === count, { what: 'the requests' }),
    answerAll: () => {
      for (const answer of waiting) answer();
    },
  };
}

const get = (path: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

describe('listen', () => {
  it('names the setting of a port that is taken', async () => {
    const { listener } = gate();
    const { port } = await start(listener);
    await assert.rejects(start(listener, { port, setting: 'API_PORT' }), (error) => {
      assert.ok(error instanceof PortUnavailable);
      assert.match(error.message, new RegExp(`^Port ${port} .*free it or set API_PORT to another`));
      return true;
    });
  });

  for (const [what, bytes, status, sentence] of [
    ['an unknown method', 'FOO / HTTP/1.1\r\n\r\n', 400, /Invalid method encountered/],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, /not readable as HTTP\/1\.1/],
    [
      'headers that are too large',
      get('/', `X: ${'a'.repeat(20_000)}\r\n`),
      431,
      /at most 16384 bytes/,
    ],
  ] as const) {
    it(`answers ${what} with ${status}, a sentence and a request id`, async () => {
      const { port } = await start(gate().listener);
      const [answer, ...others] = await exchange(port, Buffer.from(bytes, 'latin1'));
      assert.equal(others.length, 0);
      assert.equal(answer?.status, status);
      assert.match(answer.body, sentence);
      assert.match(answer.body, /^[^\n]+\.\n$/);
      assert.match(answer.headers['x-request-id'] ?? '', /^[\w-]{36}$/);
      assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    });
  }

  it('closes a connection whose request, headers or body take too long, with 408', async () => {
    const { listener } = gate();
    const { port } = await start(listener, { headersTimeoutMs: 100, requestTimeoutMs: 200 });
    for (const bytes of ['', get('/').slice(0, -2), get('/', 'Content-Length: 10\r\n')]) {
      const [answer] = await exchange(port, bytes);
      assert.equal(answer?.status, 408);
      assert.match(answer.body, /took too long to arrive; send it again/);
    }
  });

  it('answers a request that is under way before it refuses the next', async () => {
    const { listener, arrived, answerAll } = gate();
    const { port } = await start(listener);
    const connection = await open(port);
    connection.write(`${get('/first')}${get('/second')}GARBAGE\r\n\r\n`);
    await arrived(2);
    assert.equal(connection.text(), '');
    answerAll();
    const answers = await connection.untilClosed();
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.slice(0, 16)]),
      [
        [200, 'answer to /first'],
        [200, 'answer to /secon'],
        [400, 'The request is n'],
      ],
    );
  });

  it('answers a client that has closed its half of the connection, and closes the other', async () => {
    const { listener, arrived, answerAll } = gate();
    const { port } = await start(listener);
    const connection = await open(port);
    connection.socket.end(`${get('/first')}${get('/now')}${get('/third')}`);
    await arrived(2);
    answerAll();
    const answers = await connection.untilClosed();
    assert.deepEqual(
      answers.map(({ body }) => body),
      ['answer to /first\n', 'answer to /now\n', 'answer to /third\n'],
    );
    const idle = await open(port);
    idle.write(get('/now'));
    await idle.answered(1);
    idle.socket.end();
    await idle.untilClosed(1_000);
    const partial = await open(port);
    partial.socket.end('GET /first HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
    assert.equal((await partial.untilClosed()).at(0)?.status, 400);
  });

  it('ignores expectations that it does not know', async () => {
    const { port } = await start(gate().listener);
    const [answer] = await exchange(port, get('/now', 'Expect: banana\r\nConnection: close\r\n'));
    assert.equal(answer?.status, 200);
  });
});

describe('close', () => {
  it('does not wait for connections without a request: idle, silent or in the middle of their headers', async () => {
    const timeouts = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000 };
    const { port, close } = await start(gate().listener, timeouts);
    const [idle, silent, partial] = [await open(port), await open(port), await open(port)];
    idle.write(get('/now'));
    partial.write('GET / HTTP/1.1\r\nHost:');
    await idle.answered(1);
    const began = performance.now();
    await close(60_000);
    assert.ok(performance.now() - began < 2_000, 'it waited for one of them');
    for (const connection of [idle, silent, partial]) await connection.untilClosed(1_000);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/now`), /fetch failed/);
  });

  it('answers what is under way, then closes the connection', async () => {
    const { listener, arrived, answerAll } = gate();
    const { port, close } = await start(listener);
    const [single, pipeline] = [await open(port), await open(port)];
    single.write(get('/single'));
    pipeline.write(get('/a') + get('/b'));
    await arrived(3);
    const closed = close(60_000);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/now`), /fetch failed/);
    assert.equal(single.closed(), false);
    answerAll();
    await closed;
    const [answer] = await single.untilClosed(1_000);
    assert.equal(answer?.body, 'answer to /single\n');
    assert.equal(answer.headers['connection'], 'close');
    const both = await pipeline.untilClosed(1_000);
    assert.deepEqual(
      both.map(({ body }) => body),
      ['answer to /a\n', 'answer to /b\n'],
    );
  });

  it('answers each connection once more before it closes those without a request', async () => {
    const { listener, arrived, answerAll } = gate();
    const { port, close } = await start(listener, { drainMs: 60_000 });
    const [idle, silent, busy, doubled] = [
      ...[await open(port), await open(port)],
      ...[await open(port), await open(port)],
    ];
    idle?.write(get('/now'));
    await idle?.answered(1);
    busy?.write(get('/busy'));
    await arrived(1);
    const closed = close(60_000);
    await waitFor(
      () =>
        fetch(`http://127.0.0.1:${port}/now`).then(
          () => false,
          () => true,
        ),
      {
        what: 'new connections to be refused',
      },
    );
    for (const connection of [idle, silent, doubled]) connection?.write(get('/now'));
    // Behind an answer that closes the connection, a request has to be sent again elsewhere.
    for (const connection of [busy, doubled]) connection?.write(get('/late'));
    answerAll();
    await closed;
    for (const [connection, count] of [
      ...([
        [idle, 2],
        [silent, 1],
      ] as const),
      ...([
        [busy, 1],
        [doubled, 1],
      ] as const),
    ]) {
      const answers = (await connection?.untilClosed(1_000)) ?? [];
      assert.equal(answers.length, count);
      assert.equal(answers.at(-1)?.headers['connection'], 'close');
    }
  });

  it('closes connections that ask nothing in the time for that, half of all that there is', async () => {
    for (const [drainMs, graceMs] of [
      [200, 60_000],
      [60_000, 400],
    ] as const) {
      const { port, close } = await start(gate().listener, { drainMs });
      const idle = await open(port);
      const began = performance.now();
      await close(graceMs);
      const took = performance.now() - began;
      assert.ok(took >= 190 && took < 390, `it took ${took} ms`);
      await idle.untilClosed(1_000);
    }
  });

  it('cuts off what is not answered in time', async () => {
    const { listener, arrived } = gate();
    const { port, close } = await start(listener);
    const connection = await open(port);
    connection.write(get('/never'));
    await arrived(1);
    await close(50);
    assert.deepEqual(await connection.untilClosed(1_000), []);
  });
});

describe('the limits of connections', () => {
  it('are 64 requests ahead of their answers; with one more, it is closed after a 429', async () => {
    const { listener } = gate();
    const { port } = await start(listener);
    const answers = await exchange(port, get('/now').repeat(200));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [...Array(64).fill(200), 429],
    );
    assert.match(answers.at(-1)?.body ?? '', /^More than 64 requests came on one connection/);
    assert.equal(answers.at(-1)?.headers['connection'], 'close');
  });

  it('end what waits on a connection with too many requests, even if its client has gone', async () => {
    let closed = 0;
    const { port } = await start((request) => request.socket.once('close', () => (closed += 1)));
    const connection = await open(port);
    connection.write(get('/held').repeat(1_000));
    await waitFor(() => closed === 64, { what: 'the requests to be told', timeoutMs: 8_000 });
  });

  it('count connections from one address, and in all, and close the rest', async () => {
    const { listener } = gate();
    for (const connections of [{ perAddress: 3 }, { inAll: 3 }]) {
      const { port } = await start(listener, { connections });
      const held = [await open(port), await open(port), await open(port)];
      const refused = await open(port);
      await refused.untilClosed();
      assert.equal(refused.text(), '');
      for (const connection of held) {
        connection.write(get('/now'));
        assert.equal((await connection.answered(1))[0]?.status, 200);
      }
      held[0]?.destroy();
      await waitFor(
        async () => {
          const next = await open(port);
          next.write(get('/now'));
          return (await next.answered(1))[0]?.status === 200;
        },
        { what: 'a connection in the place of one that was closed' },
      );
    }
  });
});
