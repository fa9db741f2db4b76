import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { bodyLimit, readBody } from './read-body.ts';
import { apiKeyOf, readParameters } from './request.ts';
import { type HttpServer, listen } from './server.ts';

let server: HttpServer;

before(async () => {
  const app = createApp({
    log: pino({ level: 'silent' }),
    checks: {},
    isUnavailable: () => false,
    routes: (router) => {
      router.route('/echo').post(readBody, (request, response) => {
        const parameters = readParameters(request);
        response.json({ ...Object.fromEntries(parameters.all(new Set(['a', 'apikey']))) });
      });
      router.get('/key', (request, response) => {
        response.type('text/plain').send(apiKeyOf(request));
      });
    },
  });
  server = await listen({ listener: app, port: 0, setting: 'TEST_PORT' });
});

after(() => server.close(0));

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('the body of a request', () => {
  it('is in UTF-8, in a type and charset that are read', async () => {
    const post = (type: string, body: string | Uint8Array<ArrayBuffer>) =>
      ask('/echo', { method: 'POST', headers: { 'Content-Type': type }, body });
    const json = 'application/json';
    assert.equal((await post(`${json}; charset="UTF-8"`, '{"a":"ü"}')).text, '{"a":"ü"}');
    assert.equal((await post('Application/JSON', '\uFEFF{"a":"b"}')).text, '{"a":"b"}');
    const form = 'application/x-www-form-urlencoded; charset=utf-8; x=y';
    assert.equal((await post(form, 'a=%C3%BC')).text, '{"a":"ü"}');
    for (const type of [
      `${json}; charset=utf-16`,
      'text/plain',
      'text/json',
      ';',
      'multipart/form-data',
    ]) {
      const { status, text } = await post(type, '{"a":"b"}');
      assert.equal(status, 415, type);
      assert.match(text, /^Send the parameters as .* or application\/json, in UTF-8\.\n$/);
    }
    const latin1 = await post(json, Uint8Array.from(Buffer.from('{"a":"ü"}', 'latin1')));
    assert.equal(latin1.text, 'The request body is not UTF-8; send it in UTF-8.\n');
  });

  it('may be said to be in another charset than UTF-8 while it is ASCII', async () => {
    const post = (type: string, body: string | Uint8Array<ArrayBuffer>) =>
      ask('/echo', { method: 'POST', headers: { 'Content-Type': type }, body });
    const [form, json] = ['application/x-www-form-urlencoded', 'application/json'];
    for (const parameter of [
      ...[
        'charset=ISO-8859-1',
        'charset="iso-8859-15"',
        "charset='latin1'",
        'Charset=Windows-1252',
      ],
      ...[
        'charset=us-ascii',
        'charset=ANSI_X3.4-1968',
        'charset=Cp1252',
        'a=b; charset = UTF8;c=d',
      ],
      ...['', 'charset', 'boundary=x'],
    ]) {
      const latin = await post(`${form};${parameter}`, 'a=%C3%BC+b');
      assert.deepEqual([latin.status, latin.text], [200, '{"a":"ü b"}'], parameter);
      assert.equal((await post(`${json}; ${parameter}`, '{"a":"b"}')).text, '{"a":"b"}', parameter);
    }
    for (const [type, body] of [
      [`${form}; charset=ISO-8859-1`, 'a=ü'],
      [`${json}; charset=windows-1252`, '{"a":"ü"}'],
    ] as const) {
      const { status, text } = await post(type, Uint8Array.from(Buffer.from(body, 'latin1')));
      assert.equal(status, 415);
      assert.match(text, /^The request body has non-ASCII characters .* percent-encoded\.\n$/);
    }
    for (const charset of ['utf-16', 'utf-16le', 'utf-32', 'ebcdic', 'ibm037', 'x']) {
      assert.equal((await post(`${form}; charset=${charset}`, 'a=b')).status, 415, charset);
    }
  });

  it('has the limit at most', async () => {
    const post = (length: number) => {
      const body = `a=${'x'.repeat(length - 2)}`;
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      return ask('/echo', { method: 'POST', headers, body });
    };
    assert.equal((await post(bodyLimit)).status, 200);
    const { status, text } = await post(bodyLimit + 1);
    assert.deepEqual(
      [status, text],
      [413, `The request body is too large: send at most ${bodyLimit} bytes.\n`],
    );
  });
});

describe('the key of a request', () => {
  it('is read from each of its places, and from two that agree', async () => {
    for (const [path, headers] of [
      ['/key', { X_KASABI_APIKEY: 'k1' }],
      ['/key', { 'X-Kasabi-Apikey': 'k1' }],
      ['/key', { Authorization: 'bearer  k1' }],
      ['/key?apikey=k1', {}],
      ['/key?apikey=k1', { X_KASABI_APIKEY: 'k1', Authorization: 'Basic abc' }],
      ['/key?apikey=', { X_KASABI_APIKEY: 'k1' }],
    ] as const) {
      assert.equal((await ask(path, { headers })).text, 'k1');
    }
  });

  it('is missing, or is one of two: 401, 400', async () => {
    for (const headers of [{}, { X_KASABI_APIKEY: '' }, { Authorization: 'Basic k1' }]) {
      const { status, headers: answered } = await ask('/key', { headers });
      assert.equal(status, 401);
      assert.match(answered.get('www-authenticate') ?? '', /^Bearer realm=/);
    }
    const { status, text } = await ask('/key?apikey=k2', { headers: { X_KASABI_APIKEY: 'k1' } });
    assert.equal(status, 400);
    assert.equal(text, 'The request has two different API keys; send one.\n');
  });
});
