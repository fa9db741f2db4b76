import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOpenApiDocument } from '@kasabi/routes';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { addDocumentation } from './docs.ts';
import { paragraphs } from './docs-html.ts';
import { html } from './html.ts';
import { type HttpServer, listen } from './server.ts';

const urls = { apiUrl: 'https://api.example.org/v1', statusUrl: 'https://data.example.org' };
let server: HttpServer;

before(async () => {
  const app = createApp({
    log: pino({ level: 'silent' }),
    checks: {},
    isUnavailable: () => false,
    routes: (router) => addDocumentation(router, 'status', urls),
  });
  server = await listen({ listener: app, port: 0, setting: 'TEST_PORT' });
});
after(() => server.close(0));

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('the documentation', () => {
  it('is a document, a page and its style sheet, which may be kept', async () => {
    for (const [path, type] of [
      ['/openapi.json', 'application/json; charset=utf-8'],
      ['/docs', 'text/html; charset=utf-8'],
      ['/docs.css', 'text/css; charset=utf-8'],
    ] as const) {
      const { status, headers } = await ask(path);
      assert.deepEqual([status, headers.get('content-type')], [200, type]);
      assert.equal(headers.get('cache-control'), 'public, max-age=300');
      for (const known of [headers.get('etag') ?? '', `"x", W/${headers.get('etag')}`, '*']) {
        const again = await ask(path, { headers: { 'If-None-Match': known } });
        assert.deepEqual([again.status, again.text], [304, '']);
      }
      const other = await ask(path, { headers: { 'If-None-Match': '"other"' } });
      assert.equal(other.status, 200);
      assert.equal((await ask(path, { method: 'POST' })).status, 405);
    }
    assert.deepEqual(JSON.parse((await ask('/openapi.json')).text), createOpenApiDocument(urls));
  });

  it('has a page that its content security policy allows: one style sheet, and no script', async () => {
    const { headers, text } = await ask('/docs');
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /style-src 'self'/);
    assert.doesNotMatch(text, /<(?:script|style|img|iframe|form)|\sstyle=|\son\w+=/i);
    assert.deepEqual(text.match(/<link rel="stylesheet"[^>]*>/g), [
      '<link rel="stylesheet" href="docs.css">',
    ]);
    assert.match(text, /<meta name="viewport" content="width=device-width, initial-scale=1">/);
  });

  it('has a page with every operation, parameter, answer, example and error', async () => {
    const { text } = await ask('/docs');
    const { paths, components, ...document } = createOpenApiDocument(urls);
    const shown = (words: string): void =>
      assert.ok(text.includes(html`${words}`.text), `the page has ${words}`);
    for (const [path, item] of Object.entries(paths)) {
      for (const operation of [item.get, item.post, item.delete]) {
        if (operation === undefined) continue;
        shown(path);
        shown(operation.summary);
        for (const { source } of operation['x-codeSamples']) shown(source);
        const start = text.indexOf(`id="${operation.operationId}"`);
        const section = text.slice(start, text.indexOf('</section>', start));
        for (const status of Object.keys(operation.responses)) {
          assert.ok(section.includes(`<dt><code>${status}</code>`), `${path} ${status}`);
        }
      }
    }
    for (const { name } of Object.values(components.parameters)) shown(name);
    for (const type of Object.keys(document['x-errors'])) shown(type);
  });

  it('has no broken links', async () => {
    const { text } = await ask('/docs');
    const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map((match) => match[1] ?? '');
    assert.ok(targets.length > 20);
    assert.deepEqual(
      targets.filter((target) => !ids.has(target)),
      [],
    );
    for (const path of ['docs.css', 'openapi.json']) {
      assert.equal((await ask(`/${path}`)).status, 200);
    }
  });

  it('has well-formed markup', async () => wellFormed((await ask('/docs')).text));

  it('begins with a first session: a request, its answer, and where that leads', async () => {
    const { text } = await ask('/docs');
    const { paths } = createOpenApiDocument(urls);
    const [submit] = paths['/dataset/{short-code}/jobs']?.post?.['x-codeSamples'] ?? [];
    const [look] = paths['/data/{short-code}/jobs/{id}']?.get?.['x-codeSamples'] ?? [];
    const location = look?.source.split(' ').at(-1);
    const parts = [submit?.source, `Location: ${location}`, look?.source, '"jobStatus": '];
    const places = parts.map((part = 'none') => text.indexOf(html`${part}`.text));
    places.push(text.indexOf('id="operations"'));
    assert.ok(!places.includes(-1));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  });

  it('closes long sections: parameters, bodies, answers and their headers', async () => {
    const { text } = await ask('/docs');
    const shown = unfolded(text);
    assert.match(text, /RateLimit-Policy/);
    assert.doesNotMatch(shown.slice(0, shown.indexOf('id="documents"')), /RateLimit-Policy|<h4>/);
  });
});

describe('the page at /', () => {
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

  it('is an HTML page for browsers and plain text for other clients', async () => {
    for (const [accept, type] of [
      [browser, 'text/html; charset=utf-8'],
      ['*/*', 'text/plain; charset=utf-8'],
      ['application/json', 'text/plain; charset=utf-8'],
    ] as const) {
      const { status, headers } = await ask('/', { headers: { Accept: accept } });
      assert.deepEqual([status, headers.get('content-type')], [200, type]);
      assert.equal(headers.get('vary'), 'Accept');
      const known = { Accept: accept, 'If-None-Match': headers.get('etag') ?? '' };
      assert.equal((await ask('/', { headers: known })).status, 304);
    }
  });

  it('leads to the documentation, OpenAPI, the probes and the other host', async () => {
    const { text } = await ask('/');
    for (const path of ['docs', 'openapi.json', 'healthz', 'readyz']) {
      assert.ok(text.includes(`${urls.statusUrl}/${path}\n`), path);
    }
    assert.ok(text.includes(`${urls.apiUrl}/\n`));
    const page = (await ask('/', { headers: { Accept: browser } })).text;
    wellFormed(page);
    assert.doesNotMatch(page, /<(?:script|style|img|iframe|form)|\sstyle=|\son\w+=/i);
    const targets = [...page.matchAll(/href="([^"#]+)/g)].map((match) => match[1] ?? '');
    assert.ok(targets.includes(`${urls.apiUrl}/`));
    for (const path of targets.filter((target) => !target.startsWith('https:'))) {
      assert.equal((await ask(`/${path}`)).status, 200, path);
    }
  });
});

/** What a page shows while all its sections are closed. */
function unfolded(text: string): string {
  const less = text.replace(/<details>(?:(?!<details>).)*?<\/details>/gs, '');
  return less === text ? text : unfolded(less);
}

function wellFormed(text: string): void {
  const open: string[] = [];
  for (const [, end, name = ''] of text.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (['meta', 'link'].includes(name)) continue;
    if (end === '') open.push(name);
    else assert.equal(open.pop(), name);
  }
  assert.deepEqual(open, []);
}

describe('markup', () => {
  it('escapes its values, and only marks up code', () => {
    const hostile = `<script>alert("1")</script> & 'x'`;
    assert.equal(
      html`<p title="${hostile}">${[hostile, 1, undefined, false]}</p>`.text,
      `<p title="${escaped}">${escaped}1</p>`,
    );
    assert.equal(
      paragraphs('a `<b>` c\n\nd')
        .map((it) => it.text)
        .join(''),
      '<p>a <code>&lt;b&gt;</code> c</p>\n<p>d</p>\n',
    );
  });
});

const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;';
