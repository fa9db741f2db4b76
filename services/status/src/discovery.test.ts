import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { createOwner } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { addRoutes, createApp, type HttpServer, listen } from '@kasabi/http';
import { createLogger } from '@kasabi/runtime';
import { createDatabase, type TestDatabase } from '@kasabi/test/support';
import { datasetHandlers } from './datasets.ts';
import { discoveryHandlers } from './discovery.ts';
import { createDatasetReader } from './read-dataset.ts';

const statusUrl = 'https://data.example.org';
const address = '/dataset/nasa';
let database: TestDatabase;
let server: HttpServer;
let statements = 0;

before(async () => {
  database = await createDatabase();
  await createOwner(database.pool(), 'owner');
  await createDataset(database.pool(), { code: 'nasa', owner: 'owner' });
  const pool = database.pool('status');
  // Emitted once for each statement, because none is in a transaction.
  pool.on('acquire', () => {
    statements += 1;
  });
  const app = createApp({
    log: createLogger({ service: 'test', level: 'silent' }),
    checks: {},
    isUnavailable: () => false,
    routes: (router) => {
      const datasets = createDatasetReader({ pool });
      addRoutes(router, 'datasets', {
        ...datasetHandlers({ datasets }),
        ...discoveryHandlers({ datasets, apiUrl: 'https://api.example.org', statusUrl }),
      });
    },
  });
  server = await listen({ listener: app, port: 0, setting: 'TEST_PORT' });
});
after(async () => {
  await server?.close(0);
  await database?.close();
});

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const askFor = (accept: string, path = address, headers: Record<string, string> = {}) =>
  ask(path, { headers: { Accept: accept, ...headers } });

describe('which form of the description a client gets', () => {
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';
  const turtle = ['text/turtle', '.ttl'] as const;
  const json = ['application/json', '.json'] as const;
  const rdfJson = ['application/rdf+json', '.json'] as const;
  const html = ['text/html', '.html'] as const;

  it('is the one that Accept prefers, and Turtle without a preference', async () => {
    for (const [accept, [type, extension]] of [
      ['*/*', turtle],
      ['', turtle],
      ['text/turtle', turtle],
      ['TEXT/Turtle; charset=UTF-8', turtle],
      ['text/*', turtle],
      ['application/x-turtle', ['application/x-turtle', '.ttl']],
      ['text/n3, application/rdf+xml;q=0.9', ['text/n3', '.ttl']],
      ['application/rdf+xml', turtle],
      ['image/png', turtle],
      [';;,,/;q=2', turtle],
      [`${'a/b,'.repeat(1_000)}application/json`, turtle],
      ['application/json', json],
      ['application/json; charset=utf-8', json],
      ['application/json, text/plain, */*', json],
      ['application/*', json],
      ['application/rdf+json', rdfJson],
      ['application/rdf+json, application/json;q=0.9', rdfJson],
      ['text/turtle;q=0, */*', json],
      ['text/turtle;q=0.5, application/json;q=0.6', json],
      [browser, html],
      ['text/html;q=0.5, text/turtle', turtle],
    ] as const) {
      const { status, headers } = await askFor(accept);
      assert.equal(status, 200, accept);
      assert.equal(headers.get('content-type'), `${type}; charset=utf-8`, accept);
      assert.equal(headers.get('content-location'), `${statusUrl}${address}${extension}`, accept);
      assert.equal(headers.get('vary'), 'Accept');
    }
  });

  it('is Turtle without an Accept', async () => {
    // Fetch would always send one.
    const request = get({ port: server.port, path: address, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    assert.equal(request.getHeader('accept'), undefined);
    assert.equal(response.headers['content-type'], 'text/turtle; charset=utf-8');
  });

  it('is the one its address names, whatever it accepts', async () => {
    for (const [extension, accept, type] of [
      ['.ttl', browser, 'text/turtle'],
      ['.ttl', 'application/json', 'text/turtle'],
      ['.json', 'text/turtle', 'application/json'],
      ['.json', 'application/rdf+json', 'application/rdf+json'],
      ['.html', '*/*', 'text/html'],
    ] as const) {
      const { status, headers } = await askFor(accept, `${address}${extension}`);
      assert.equal(status, 200);
      assert.equal(headers.get('content-type'), `${type}; charset=utf-8`, `${extension} ${accept}`);
    }
  });
});

describe('the address of the description', () => {
  it('answers HEAD as GET without the body, and OPTIONS', async () => {
    const got = await askFor('text/turtle');
    const head = await ask(address, { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal(head.headers.get('content-length'), `${Buffer.byteLength(got.text)}`);
    assert.equal(head.headers.get('etag'), got.headers.get('etag'));
    const options = await ask(`${address}.ttl`, { method: 'OPTIONS' });
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, HEAD, OPTIONS']);
  });

  it('refuses other methods, codes and forms', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const refused = await ask(address, { method });
      assert.equal(refused.status, 405);
      assert.equal(refused.headers.get('allow'), 'GET, HEAD, OPTIONS');
    }
    for (const [name, sentence] of [
      ['mars', /^There is no dataset mars\.$/m],
      ['mars.ttl', /^There is no dataset mars\.$/m],
      ['NASA', /a short code has 1 to 63/],
      ['.ttl', /a short code has 1 to 63/],
      [`${'x'.repeat(64)}.ttl`, /a short code has 1 to 63/],
      ['na%00sa', /a short code has 1 to 63/],
      ['nasa.rdf', /ask for \.ttl, \.json or \.html/],
      ['nasa.', /ask for \.ttl, \.json or \.html/],
      ['nasa.TTL', /ask for \.ttl, \.json or \.html/],
      ['nasa.ttl.json', /ask for \.ttl, \.json or \.html/],
      ['nasa.__proto__', /ask for \.ttl, \.json or \.html/],
    ] as const) {
      const missing = await ask(`/dataset/${name}`);
      assert.equal(missing.status, 404, name);
      assert.match(missing.text, sentence);
      assert.equal(missing.headers.get('cache-control'), 'no-store', name);
    }
  });

  it('costs one statement, and none if there is nothing to look for', async () => {
    for (const [path, init, expected] of [
      [address, {}, 1],
      [`${address}.html`, {}, 1],
      [address, { method: 'HEAD' }, 1],
      ['/dataset/mars', {}, 1],
      [`${address}.rdf`, {}, 0],
      [address, { method: 'OPTIONS' }, 0],
      [address, { method: 'POST' }, 0],
    ] as const) {
      const before = statements;
      await ask(path, init);
      assert.equal(statements - before, expected, `${path} ${JSON.stringify(init)}`);
    }
  });

  it('may be cached for a minute, and is 304 for clients that have it', async () => {
    const tags = new Set<string>();
    for (const accept of ['text/turtle', 'application/json', 'application/rdf+json', 'text/html']) {
      const { headers } = await askFor(accept);
      assert.equal(headers.get('cache-control'), 'public, max-age=60');
      const etag = headers.get('etag') ?? '';
      tags.add(etag);
      const cached = await askFor(accept, address, { 'If-None-Match': etag });
      assert.deepEqual([cached.status, cached.text], [304, ''], accept);
      assert.equal(cached.headers.get('etag'), etag);
      assert.equal(cached.headers.get('vary'), 'Accept');
      assert.equal(cached.headers.get('cache-control'), 'public, max-age=60');
    }
    assert.equal(tags.size, 4, 'each form has a tag of its own');

    const [etag = '', ...others] = tags;
    for (const [known, status] of [
      ['*', 304],
      [`W/${etag}`, 304],
      [`"other" , ${etag}`, 304],
      ['"other"', 200],
      [others.join(), 200],
      [etag.slice(1, -1), 200],
      ['', 200],
    ] as const) {
      const answer = await askFor('text/turtle', address, { 'If-None-Match': known });
      assert.equal(answer.status, status, known);
    }
    await database.pool().query("UPDATE kasabi.dataset SET title = 'Mars' WHERE code = 'nasa'");
    const changed = await askFor('text/turtle', address, { 'If-None-Match': etag });
    assert.equal(changed.status, 200);
    assert.match(changed.text, /dcterms:title "Mars"/);
  });
});
