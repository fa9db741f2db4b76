// The documentation says what the services do: every example in it is sent, every answer held against it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOpenApiDocument, type ResponseObject } from '@kasabi/routes';
import { ask } from '@kasabi/test/support/client';
import { exchange } from '@kasabi/test/support/raw-http';
import { Validator } from '@seriousme/openapi-schema-validator';
import { resolve } from './support/openapi-contract.ts';
import { refusals } from './support/openapi-refusals.ts';
import { exampleRequests, parseCurl } from './support/openapi-requests.ts';
import { cancelAndLook, repeatWithKey, watchToTheEnd } from './support/openapi-scenarios.ts';
import { type DocumentedWorld, startDocumentedWorld } from './support/openapi-world.ts';

let world: DocumentedWorld;

before(async () => {
  world = await startDocumentedWorld();
});
after(() => world?.stop());

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1, the same on both hosts', async () => {
    const { stack, document } = world;
    const { valid, errors } = await new Validator().validate(structuredClone({ ...document }));
    assert.ok(valid, JSON.stringify(errors));
    const [api, status] = [
      await ask(`${stack.apiUrl}/openapi.json`),
      await ask(`${stack.statusUrl}/openapi.json`),
    ];
    assert.equal(api.text, status.text);
    const { apiUrl, statusUrl } = stack;
    assert.deepEqual(document, createOpenApiDocument({ apiUrl, statusUrl }));
  });

  it('shows examples of answers that fit their schemas', () => {
    let count = 0;
    for (const { path, operation } of world.contract.places) {
      for (const [status, it] of Object.entries(operation.responses)) {
        const { content = {} } = resolve<ResponseObject>(world.document, it);
        for (const { schema, examples = {} } of Object.values(content)) {
          for (const { value } of Object.values(examples)) {
            world.contract.checkValue(schema, value, `${path} ${status}`);
            count += 1;
          }
        }
      }
    }
    assert.ok(count > 50, `${count} examples`);
  });
});

describe('the services answer as the document says', () => {
  it('to every curl command in it', async () => {
    for (const { operation } of world.contract.places) {
      for (const { source, label, 'x-status': status } of operation['x-codeSamples']) {
        const job = /DELETE/.test(source) && status === 200 ? await world.scheduled() : world.ended;
        const answer = await world.send(await world.realised(parseCurl(source), job));
        const what = `${operation.operationId}, ${label}: ${answer.text}`;
        assert.deepEqual([answer.status, answer.place.operation], [status, operation], what);
      }
    }
  });

  it('to every value of a parameter, way to send the key, and body in it', async () => {
    for (const place of world.contract.places) {
      const requests = exampleRequests(world.document, place);
      assert.ok(requests.length > 0);
      for (const request of requests) {
        const job = request.method === 'DELETE' ? await world.scheduled() : world.ended;
        const real = await world.realised(request, job);
        const answer = await world.send(real);
        assert.ok(answer.status < 400, `${JSON.stringify(real)}: ${answer.text}`);
        assert.equal(answer.place, place);
      }
    }
  });

  it('to a job that is scheduled, which it may poll, wait for, and watch to its end', () =>
    watchToTheEnd(world));

  it('to a job that is cancelled: its document says by whom, and it never runs', () =>
    cancelAndLook(world));

  it('to a request that is repeated with its Idempotency-Key, after its answer and before', () =>
    repeatWithKey(world));

  it('to requests that it refuses', async () => {
    for (const [status, request, to] of await refusals(world)) {
      for (const accept of ['text/plain', 'application/json']) {
        const headers = { ...request.headers, Accept: accept };
        const answer = await world.send({ ...request, headers }, to);
        assert.equal(answer.status, status, `${request.method} ${request.url}: ${answer.text}`);
        const type = accept === 'text/plain' ? accept : 'application/problem+json';
        assert.equal(answer.headers.get('content-type'), `${type}; charset=utf-8`);
      }
    }
    const notReady = await world.send({ method: 'GET', url: '/readyz', headers: {} }, world.away);
    assert.equal(notReady.status, 503);
  });

  it('to HEAD, OPTIONS and other methods of every path', async () => {
    const { document, contract, stack, ended, exported } = world;
    for (const [template, item] of Object.entries(document.paths)) {
      const path = template
        .replace('{short-code}', 'schema')
        .replace('{id}', ended)
        .replace('{export}', exported);
      for (const { url } of item.servers) {
        const address = url + path.replace('{extension}', 'ttl');
        const places = contract.places.filter((place) => place.path === template);
        const allowed = places.flatMap(({ method }) =>
          method === 'get' ? ['GET', 'HEAD'] : method,
        );
        const expected = [...allowed, 'OPTIONS'].map((it) => it.toUpperCase()).sort();
        const options = await ask(address, { method: 'OPTIONS' });
        assert.deepEqual(options.headers.get('allow')?.split(', ').sort(), expected, template);
        const refused = await ask(address, { method: 'PUT' });
        assert.equal(refused.status, 405);
        for (const place of places) contract.check(place, refused);
        const get = places.find((place) => place.method === 'get');
        if (get === undefined) continue;
        const headers = { X_KASABI_APIKEY: stack.key };
        const head = await ask(address, { method: 'HEAD', headers });
        assert.equal(head.text, '');
        // HEAD of an event stream has no Cache-Control, which nobody misses.
        if (get.operation.operationId !== 'watchJob') contract.check(get, head, { head: true });
      }
    }
  });

  it('to what is no request that a route sees', async () => {
    const { contract, stack } = world;
    const submit = contract.placeOf('POST', '/dataset/schema/jobs');
    const line = 'POST /dataset/schema/jobs HTTP/1.1\r\nHost: x\r\n';
    for (const [bytes, status] of [
      [`${line}X: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
      ['nonsense\r\n\r\n', 400],
    ] as const) {
      const [answer] = await exchange(stack.api.port, bytes);
      assert.equal(answer?.status, status);
      contract.check(submit, { status, headers: new Headers(answer.headers), text: answer.body });
    }
  });

  it('in every way that it says', () => {
    assert.deepEqual(world.contract.unseen().sort(), Object.keys(unprovoked).sort());
  });
});

const overload = 'only overload gives it, and that passes by itself';

/** The answers that no request here gets, and why. */
const unprovoked: Readonly<Record<string, string>> = {
  'GET / 503': overload,
  'GET /dataset/{short-code}/jobs 503': overload,
  'GET /docs 503': overload,
  'GET /openapi.json 503': overload,
  'GET /data/{short-code}/exports/{export} 307': 'only a store at a service has addresses for it',
};
