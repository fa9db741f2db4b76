import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { InvalidParameter, Overloaded } from '@kasabi/protocol';
import { waitFor } from '@kasabi/test/support/wait-for';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { methodNotAllowed } from './methods.ts';
import { type HttpServer, listen } from './server.ts';

class DependencyAway extends Error {}

const lines: string[] = [];
let server: HttpServer;

const serviceSecret = 'between-the-services';

/** Serves the routes that fail, with a log of its own. */
function serve(logged: string[]): Promise<HttpServer> {
  const listener = createApp({
    log: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
    checks: {},
    isUnavailable: (error) => error instanceof DependencyAway,
    trust: { trustProxy: 0, serviceSecret },
    routes: (router) => {
      router.route('/echo').all(methodNotAllowed('POST'));
      router.get('/wrong', () => {
        throw new InvalidParameter('a', 'The parameter a is wrong.');
      });
      router.get('/bug', () => {
        throw new TypeError('a bug with a SECRET');
      });
      router.get('/full', () => {
        throw new Overloaded();
      });
      router.get('/away', () => {
        throw new DependencyAway('refused');
      });
    },
  });
  return listen({ listener, port: 0, setting: 'TEST_PORT' });
}

before(async () => {
  server = await serve(lines);
});

after(() => server.close(0));

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('the answer to an error', () => {
  it('is a line of plain text unless Accept prefers JSON', async () => {
    for (const accept of [
      '*/*',
      'text/html,application/xhtml+xml,*/*;q=0.8',
      'text/plain, application/json',
      'application/json;q=0.5, text/plain',
      'application/json;q=0',
      'image/png',
      ';;,,/;q=2',
      '',
      `${'a/b,'.repeat(1_000)}application/json`,
    ]) {
      const { status, headers, text } = await ask('/wrong', { headers: { Accept: accept } });
      assert.equal(status, 400);
      assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8', accept);
      assert.equal(text, 'The parameter a is wrong.\n');
      assert.equal(headers.get('vary'), 'Accept');
    }
  });

  it('is a problem document when it does', async () => {
    for (const accept of [
      'application/json',
      'application/problem+json',
      'application/*',
      'application/json, text/plain, */*',
      'text/plain;q=0.5, application/json',
    ]) {
      const { headers, text } = await ask('/wrong', { headers: { Accept: accept } });
      assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8', accept);
      assert.deepEqual(JSON.parse(text), {
        type: 'urn:kasabi:problem:invalid-parameter',
        title: 'A parameter is invalid',
        status: 400,
        detail: 'The parameter a is wrong.',
        instance: `urn:kasabi:request:${headers.get('x-request-id')}`,
      });
    }
  });

  it('says about a bug only where to find it in the log', async () => {
    const { status, headers, text } = await ask('/bug');
    const id = headers.get('x-request-id');
    assert.equal(status, 500);
    assert.equal(
      text,
      `The service failed to answer; the operators can find the reason under request ${id}.\n`,
    );
    const [line, ...others] = lines.filter((it) => it.includes(String(id)));
    assert.deepEqual(others, [], 'one line for each request');
    const { err } = JSON.parse(line ?? '{}');
    assert.match(err.stack, /^TypeError: a bug with a SECRET\n +at /);
  });

  it('is 503 with Retry-After when a dependency is away', async () => {
    const { status, headers } = await ask('/away');
    assert.equal(status, 503);
    assert.equal(headers.get('retry-after'), '2');
  });
});

describe('requests', () => {
  it('keep the id they came with if it is valid and comes from another service', async () => {
    for (const [offered, kept] of [
      ['0123-abc:DEF.9', true],
      ['short', false],
      ['with spaces in it', false],
      ['x'.repeat(65), false],
    ] as const) {
      for (const fromService of [true, false]) {
        const init = {
          headers: {
            'X-Request-Id': offered,
            ...(fromService && { 'X-Kasabi-Service-Secret': serviceSecret }),
          },
        };
        const { headers } = await ask('/wrong', init);
        assert.equal(headers.get('x-request-id') === offered, kept && fromService, offered);
      }
    }
    assert.ok(!lines.join().includes(serviceSecret));
  });

  it('are not found or not allowed, in words', async () => {
    assert.equal((await ask('/no/such')).text, 'There is nothing at /no/such; check the path.\n');
    assert.match((await ask('/<b>')).text, /^There is nothing at this address/);
    const refused = await ask('/echo', { method: 'DELETE' });
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'POST, OPTIONS']);
    assert.equal(refused.text, 'DELETE is not allowed here; use POST or OPTIONS.\n');
    const options = await ask('/echo', { method: 'OPTIONS' });
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'POST, OPTIONS']);
  });
});

describe('the probes', () => {
  it('say that the process lives', async () => {
    assert.equal((await ask('/healthz')).text, 'alive\n');
  });

  it('leave no line in the log', async () => {
    const before = lines.length;
    await ask('/healthz');
    await ask('/no/such');
    assert.equal(lines.length, before + 1);
  });
});

describe('Strict-Transport-Security', () => {
  it('is sent by a service that clients reach by https, and by no other', async () => {
    for (const [publicUrl, expected] of [
      ['https://api.example.org', 'max-age=31536000'],
      ['http://api.example.org', null],
      [undefined, null],
    ] as const) {
      const app = createApp({
        log: pino({ level: 'silent' }),
        ...(publicUrl !== undefined && { publicUrl }),
        checks: {},
        isUnavailable: () => false,
        routes: () => undefined,
      });
      const own = await listen({ listener: app, port: 0, setting: 'TEST_PORT' });
      try {
        for (const path of ['/healthz', '/nothing']) {
          const { headers } = await fetch(`http://127.0.0.1:${own.port}${path}`);
          assert.equal(headers.get('strict-transport-security'), expected);
          assert.equal(headers.get('x-content-type-options'), 'nosniff');
        }
      } finally {
        await own.close(0);
      }
    }
  });
});

describe('the log', () => {
  it('has five lines a second for each kind of refusal, the count of the others, and no stack', async () => {
    const logged: string[] = [];
    // With a log of its own, in which nothing has been counted yet.
    const flooded = await serve(logged);
    const ask = async (path: string) =>
      (await fetch(`http://127.0.0.1:${flooded.port}${path}`)).text();
    const paths = ['/wrong', '/no/such', '/full', '/away'];
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(paths.flatMap((path) => Array.from({ length: 10 }, () => ask(path))));
    }
    const toldOf = () => {
      const told = { 400: 0, 404: 0, 503: 0 } as Record<string, number>;
      const parsed = logged.map((line) => JSON.parse(line));
      for (const { res, turnedAway = {} } of parsed) {
        if (res !== undefined) told[res.status] = (told[res.status] ?? 0) + 1;
        for (const [kind, count] of Object.entries<number>(turnedAway)) {
          told[kind] = (told[kind] ?? 0) + count;
        }
      }
      return { told, parsed };
    };
    const all = { 400: 100, 404: 100, 503: 200 };
    await waitFor(() => isDeepStrictEqual(toldOf().told, all), {
      what: 'a line or a count of all',
    });
    await flooded.close(0);
    const { parsed } = toldOf();
    const times = parsed.filter(({ res }) => res !== undefined).map(({ time }) => time);
    // Each second of the log begins with a line. Its timer may be a little early.
    const seconds = 1 + Math.floor((Math.max(...times) - Math.min(...times)) / 990);
    for (const kind of [400, 404, 503]) {
      const count = parsed.filter(({ res }) => res?.status === kind).length;
      assert.ok(count >= 5 && count <= 5 * seconds, `${count} lines of ${kind} in ${seconds} s`);
    }
    const bytes = logged.join('').length;
    assert.ok(bytes < 10_000 * seconds, `${bytes} bytes in ${seconds} s`);
    assert.ok(parsed.every(({ err }) => err?.stack === undefined || err.message === 'refused'));
    const stacks = parsed.filter(({ err }) => err?.stack !== undefined);
    assert.ok(stacks.length <= 1 + seconds / 10, `${stacks.length} stacks in ${seconds} s`);
  });

  it('has a line for each failure, but the stack only once in a while', async () => {
    const before = lines.length;
    for (let sent = 0; sent < 3; sent += 1) await ask('/bug');
    const found = lines.slice(before).map((line) => JSON.parse(line));
    assert.equal(found.filter(({ res }) => res?.status === 500).length, 3);
  });
});
