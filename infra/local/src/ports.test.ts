import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { describe, it } from 'node:test';
import { PortTaken } from './errors.ts';
import { choosePort, freePort, isPortFree } from './ports.ts';

async function listenOn(port: number, host?: string): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ port, host }, resolve));
  return server;
}

describe('ports', () => {
  it('gives a free port, never the same twice', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
    assert.equal(new Set(ports).size, 20);
    for (const port of ports) assert.ok(await isPortFree(port));
  });

  it('sees a listener on the loopback address alone', async () => {
    const port = await freePort();
    const server = await listenOn(port, '127.0.0.1');
    assert.equal(await isPortFree(port), false);
    server.close();
  });

  it('refuses a port that was set and is taken, naming port and setting', async () => {
    const port = await freePort();
    const server = await listenOn(port);
    await assert.rejects(choosePort({ setting: 'API_PORT', set: port }), (error: unknown) => {
      assert.ok(error instanceof PortTaken);
      assert.match(error.message, new RegExp(`${port} \\(API_PORT\\)`));
      return true;
    });
    server.close();
  });

  it('takes the preferred port if it is free, else another', async () => {
    const preferred = await freePort();
    const server = await listenOn(preferred);
    const other = await choosePort({ setting: 'API_PORT', set: undefined, preferred });
    assert.notEqual(other, preferred);
    server.close();
  });
});
