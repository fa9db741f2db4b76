import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createApp } from './app.ts';
import { createRateLimit } from './rate-limit.ts';
import { keyDigestOf } from './request.ts';
import { type HttpServer, listen } from './server.ts';
import { createWindowCounter } from './window-counter.ts';

const lines: { readonly res?: { readonly status: number }; readonly req?: { url: string } }[] = [];
const registry = new Registry();
/** How many requests were counted. */
let counted = 0;
let server: HttpServer;

before(async () => {
  const windows = createWindowCounter({ windowMs: 60_000 });
  const limit = createRateLimit({
    perMinute: 3,
    countAddress(subject) {
      counted += 1;
      return windows.add(subject);
    },
    keyDigestOf: (request) => keyDigestOf(request, Buffer.from),
    countKey: (digest) => windows.add(digest.toString()),
  });
  const listener = createApp({
    log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    checks: {},
    isUnavailable: () => false,
    registry,
    servesMetrics: true,
    trust: { trustProxy: 1, serviceSecret: undefined },
    refusal: limit.refusal,
    routes: (router) => {
      router.use(limit.middleware);
      router.get('/thing', (_request, response) => void response.send('here'));
    },
  });
  server = await listen({ listener, port: 0, setting: 'TEST_PORT' });
});

after(() => server.close(0));

const ask = (path: string, from: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, {
    ...init,
    headers: { 'X-Forwarded-For': from, ...init.headers },
  });

test('a client over the limit is refused before anything else, with the same answer, log line and count', async () => {
  const answers: Response[] = [];
  for (let n = 0; n < 6; n += 1) answers.push(await ask('/thing', '192.0.2.1'));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 429, 429, 429],
  );
  assert.equal(counted, 4, 'the rest is known without a count');
  const [full, early] = [answers[3], answers[5]] as [Response, Response];
  const namesOf = ({ headers }: Response) => [...headers.keys()].sort();
  assert.deepEqual(namesOf(early), namesOf(full));
  const inSeconds = (text: string): string => text.replace(/\d+ seconds/, 'n seconds');
  assert.equal(inSeconds(await early.text()), inSeconds(await full.text()));
  assert.equal(lines.filter(({ res }) => res?.status === 429).length, 3);
  const metrics = await registry.metrics();
  assert.match(metrics, /http_requests_total\{method="GET",route="none",code="429"\} 3/);
  const json = await ask('/thing', '192.0.2.1', { headers: { Accept: 'application/json' } });
  assert.match(await json.text(), /"type":"urn:kasabi:problem:too-many-requests"/);
});

test('other clients are not refused, nor are probes from the same address', async () => {
  assert.equal((await ask('/thing', '192.0.2.2')).status, 200);
  assert.equal((await ask('/thing', '192.0.2.1')).status, 429);
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    assert.equal((await ask(path, '192.0.2.1')).status, 200, path);
  }
});
