import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { Ailment, Check } from '@kasabi/runtime';
import { waitFor } from '@kasabi/test/support/wait-for';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createApp } from './app.ts';
import { listenForMetrics } from './serve.ts';
import { type HttpServer, listen } from './server.ts';

const log = pino({ level: 'silent' });
const servers: HttpServer[] = [];

after(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Asked {
  (): Promise<Answer>;
  /** Asks this many times at once. */
  flood(times: number): Promise<Answer[]>;
}

function asking(url: string): Asked {
  const ask = async (): Promise<Answer> => {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    return { status: response.status, text: await response.text() };
  };
  const flood = (times: number) => Promise.all(Array.from({ length: times }, ask));
  return Object.assign(ask, { flood });
}

/** Asks `/readyz` of an app with these checks. */
async function readyz(checks: Record<string, Check>, optional: string[] = []): Promise<Asked> {
  const listener = createApp({
    log,
    checks,
    optional,
    isUnavailable: () => false,
    routes: () => undefined,
  });
  const server = await listen({ listener, port: 0, setting: 'TEST_PORT' });
  servers.push(server);
  return asking(`http://127.0.0.1:${server.port}/readyz`);
}

const well: Check = () => Promise.resolve(undefined);
const ill =
  (what: string): Check =>
  () =>
    Promise.resolve({ state: 'ill', what });

// Concurrently, because they mostly wait.
describe('the probes', { concurrency: true }, () => {
  it('readyz says ready, or what is wrong with each dependency', async () => {
    const both = await readyz({ Postgres: well, Redis: well });
    assert.deepEqual(await both(), { status: 200, text: 'ready\n' });
    const neither = await readyz({ Postgres: ill('is read-only'), Redis: ill('does not answer') });
    const text = 'Postgres is read-only\nRedis does not answer\n';
    assert.deepEqual(await neither(), { status: 503, text });
  });

  it('without an optional dependency, the service is ready, and still says what is wrong', async () => {
    const ask = await readyz({ Postgres: well, Redis: ill('does not answer') }, ['Redis']);
    assert.deepEqual(await ask(), { status: 200, text: 'ready\nRedis does not answer\n' });
  });

  it('a check that fails or never ends counts as no answer', async () => {
    for (const check of [
      () => Promise.reject(new Error('a bug')),
      () => new Promise<undefined>(() => undefined),
    ]) {
      const ask = await readyz({ Postgres: check });
      assert.deepEqual(await ask(), { status: 503, text: 'Postgres does not answer\n' });
    }
  });

  it('one check runs at a time, and its result is used for a second, whatever the flood', async () => {
    let looks = 0;
    let under = 0;
    let most = 0;
    const ask = await readyz({
      async Postgres() {
        looks += 1;
        under += 1;
        most = Math.max(most, under);
        await new Promise((resolve) => setTimeout(resolve, 100));
        under -= 1;
        return undefined;
      },
    });
    const began = performance.now();
    for (let round = 0; round < 4; round += 1) await ask.flood(50);
    const seconds = (performance.now() - began) / 1_000;
    assert.equal(most, 1);
    assert.ok(looks >= 1 && looks <= 1 + seconds, `${looks} looks in ${seconds} s`);
    await waitFor(async () => (await ask()) && looks > 1, { what: 'another look' });
  });

  it('while a check never ends, no other one begins', async () => {
    let looks = 0;
    let answer: Ailment | undefined;
    let end = (): void => undefined;
    const ask = await readyz({
      Postgres: () => {
        looks += 1;
        return looks > 1
          ? Promise.resolve(answer)
          : new Promise((resolve) => (end = () => resolve(answer)));
      },
    });
    assert.equal((await ask()).status, 503);
    // The result is too old by now, and the check is still running.
    await waitFor(async () => (await ask()).status === 503, { what: 'no answer again' });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    assert.equal((await ask()).status, 503);
    assert.equal(looks, 1);
    end();
    await waitFor(async () => (await ask()).status === 200, { what: 'the next look' });
    assert.equal(looks, 2);
  });

  it('metrics are printed once a second, however many scrape, on either port', async () => {
    let printed = 0;
    class Counted extends Registry {
      override metrics(): Promise<string> {
        printed += 1;
        return super.metrics();
      }
    }
    const server = await listenForMetrics(new Counted(), { port: 0, address: '127.0.0.1', log });
    servers.push(server);
    const own = asking(`http://127.0.0.1:${server.port}/metrics`);
    const listener = createApp({
      log,
      checks: {},
      registry: new Counted(),
      servesMetrics: true,
      isUnavailable: () => false,
      routes: () => undefined,
    });
    const shared = await listen({ listener, port: 0, setting: 'TEST_PORT' });
    servers.push(shared);
    for (const ask of [own, asking(`http://127.0.0.1:${shared.port}/metrics`)]) {
      printed = 0;
      const began = performance.now();
      for (let round = 0; round < 4; round += 1) await ask.flood(50);
      const seconds = (performance.now() - began) / 1_000;
      assert.ok(printed >= 1 && printed <= 1 + seconds, `${printed} times in ${seconds} s`);
      await waitFor(async () => (await ask()) && printed > 1, { what: 'another printing' });
    }
  });
});
