import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Request, Response } from 'express';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { addRoutes, type Handlers } from './routes.ts';
import { type HttpServer, listen } from './server.ts';

let server: HttpServer;

/** Answers with the id of the operation and the values of the path's parameters. */
const naming =
  (id: string) =>
  (request: Pick<Request, 'params' | 'body'>, response: Pick<Response, 'json'>): void => {
    response.json([id, { ...request.params }, Buffer.isBuffer(request.body)]);
  };

const datasets: Handlers<'datasets'> = {
  describeDataset: naming('describeDataset'),
  describeDatasetAs: naming('describeDatasetAs'),
  getDatasetStatus: naming('getDatasetStatus'),
};

before(async () => {
  const app = createApp({
    log: pino({ level: 'silent' }),
    checks: {},
    isUnavailable: () => false,
    routes: (router) => {
      addRoutes(router, 'api', {
        submitJob: naming('submitJob'),
        redirectToJobs: naming('redirectToJobs'),
        cancelJobAtApi: naming('cancelJobAtApi'),
      });
      addRoutes(router, 'datasets', datasets);
    },
  });
  server = await listen({ listener: app, port: 0, setting: 'TEST_PORT' });
});
after(() => server.close(0));

const ask = (method: string, path: string, body?: string) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { method, ...(body && { body }) });

test('each route has its handler, even if its path matches others; the body is read if there is one', async () => {
  const jobs = '/dataset/nasa/jobs';
  for (const [method, path, ...expected] of [
    ['POST', jobs, 'submitJob', { code: 'nasa' }, true],
    ['GET', jobs, 'redirectToJobs', { code: 'nasa' }, false],
    ['DELETE', `${jobs}/7`, 'cancelJobAtApi', { code: 'nasa', id: '7' }, false],
    ['GET', '/dataset/nasa', 'describeDataset', { code: 'nasa' }, false],
    ['GET', '/dataset/nasa.ttl', 'describeDatasetAs', { code: 'nasa', extension: 'ttl' }, false],
    ['GET', '/dataset/nasa/status', 'getDatasetStatus', { code: 'nasa' }, false],
  ] as const) {
    const answer = await ask(method, path, method === 'GET' ? undefined : 'jobType=reset');
    assert.deepEqual(await answer.json(), expected, `${method} ${path}`);
  }
});

test('HEAD, OPTIONS and other methods are answered from the table', async () => {
  for (const [path, allow] of [
    ['/dataset/nasa/jobs', 'GET, HEAD, POST, OPTIONS'],
    ['/dataset/nasa/jobs/7', 'DELETE, OPTIONS'],
    ['/dataset/nasa.ttl', 'GET, HEAD, OPTIONS'],
  ] as const) {
    const options = await ask('OPTIONS', path);
    assert.deepEqual([options.status, options.headers.get('allow')], [204, allow]);
    const refused = await ask('PATCH', path);
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, allow]);
  }
  const head = await ask('HEAD', '/dataset/nasa');
  assert.deepEqual([head.status, await head.text()], [200, '']);
});

test('handlers fit the table, or they do not compile', () => {
  const none = {} as Parameters<typeof addRoutes>[0];
  const { describeDataset, ...fewer } = datasets;
  const more = { ...datasets, getDatasetSecrets: describeDataset };
  const compiled = (): void => {
    // @ts-expect-error: a handler is missing.
    addRoutes(none, 'datasets', fewer);
    // @ts-expect-error: there is no such route.
    addRoutes(none, 'datasets', more);
    // @ts-expect-error: there is no such group.
    addRoutes(none, 'secrets', datasets);
    // @ts-expect-error: the path has no such place.
    addRoutes(none, 'datasets', { ...fewer, describeDataset: ({ params: { id } }) => void id });
  };
  assert.equal(typeof compiled, 'function');
});
