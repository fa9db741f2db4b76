import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createLogger } from '@kasabi/runtime';
import { exchange } from '@kasabi/test/support/raw-http';
import { createApp } from './app.ts';
import { type HttpServer, listen } from './server.ts';

let server: HttpServer;

before(async () => {
  const app = createApp({
    log: createLogger({ service: 'test', level: 'silent' }),
    checks: {},
    isUnavailable: () => false,
    routes: (router) => {
      router.get('/here', (_request, response) => void response.send('here\n'));
    },
  });
  server = await listen({ listener: app, port: 0, setting: 'TEST_PORT' });
});
after(() => server?.close(0));

async function ask(hosts: readonly string[], target = '/here', version = '1.1') {
  const lines = [`GET ${target} HTTP/${version}`, ...hosts, 'Connection: close', '', ''];
  const [answer, ...others] = await exchange(server.port, lines.join('\r\n'));
  assert.equal(others.length, 0);
  return { status: answer?.status, body: answer?.body };
}

describe('the header Host', () => {
  it('comes once, whatever it says', async () => {
    for (const version of ['1.1', '1.0']) {
      for (const second of ['Host: a.example', 'Host: b.example', 'hOST: a.example', 'Host:']) {
        const { status, body } = await ask(['Host: a.example', second], '/here', version);
        assert.equal(status, 400, second);
        assert.match(body ?? '', /^The header Host is sent twice; send it once\.\n$/);
      }
    }
    assert.equal((await ask([])).status, 400);
    assert.equal((await ask([], '/here', '1.0')).status, 200);
  });

  it('is a host with an optional port', async () => {
    const good = [
      'a.example',
      'a.example:8080',
      'a.example:',
      '127.0.0.1:80',
      '',
      'a_b',
      'h%C3%A9',
    ];
    for (const host of [...good, '[::1]', '[2001:db8::1]:8080', '[::ffff:127.0.0.1]', '[v1.a:b]']) {
      assert.equal((await ask([`Host: ${host}`])).status, 200, host);
    }
    const bad = ['user@a.example', 'user:word@a.example', 'a.example/here', 'a b', 'a, b', '::1'];
    for (const host of [
      ...bad,
      'a:port',
      'a:80:80',
      'http://a.example',
      '[::1',
      '[x]',
      '%zz',
      'a?b',
    ]) {
      const { status, body } = await ask([`Host: ${host}`]);
      assert.equal(status, 400, host);
      assert.match(body ?? '', /^The header Host is not a host name or address .*\n$/);
    }
  });

  it('does not matter beside an address in full, as a proxy sends it', async () => {
    assert.deepEqual(await ask(['Host: b.example'], 'http://a.example/here'), {
      status: 200,
      body: 'here\n',
    });
  });
});
