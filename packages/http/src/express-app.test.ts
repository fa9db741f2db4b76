import assert from 'node:assert/strict';
import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { createExpressApp, messageClasses } from './express-app.ts';
import { type HttpServer, listen } from './server.ts';

let server: HttpServer | undefined;

afterEach(() => server?.close(0));

describe('the classes of messages', () => {
  it('leave Express no prototype to change', async () => {
    const app = createExpressApp();
    const before: (object | null)[] = [];
    const after: (object | null)[] = [];
    app.get('/', (request, response) => {
      after.push(...[request, response].map(Object.getPrototypeOf));
      response.status(202).send(String(request.app === app && response.app === app));
    });
    const watched: RequestListener = (request, response) => {
      before.push(...[request, response].map(Object.getPrototypeOf));
      app(request, response);
    };
    const listener = Object.assign(watched, { request: app.request, response: app.response });
    server = await listen({ listener, port: 0, setting: 'TEST_PORT' });

    const answer = await fetch(`http://127.0.0.1:${server.port}/`);

    assert.deepEqual([answer.status, await answer.text()], [202, 'true']);
    assert.equal(before.length, 2);
    before.forEach((prototype, index) => {
      assert.ok(prototype === after[index]);
    });
  });

  it('are those of Node.js for a listener that is not an app', () => {
    assert.deepEqual(
      messageClasses(() => undefined),
      { IncomingMessage, ServerResponse },
    );
  });
});
