// What one client notices while others flood a service that has its default settings: little. Each flood has
// brought a service down before, at the rate given here. What is measured is time, so that no other test may run
// beside these: `npm test` leaves them out, and `npm test -- test/floods` runs them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOwner, issueKey } from '@kasabi/accounts';
import { createDataset } from '@kasabi/datasets';
import { type OperatedStack, startStack } from '@kasabi/test/support';
import { ask, form, submitForm } from '@kasabi/test/support/client';
import { type Trial, withstands } from './support/flood.ts';
import type { FloodReport } from './support/protocol.ts';
import type { Question } from './support/victim.ts';

/** Undoes what the tests' stack lifts for the sake of other tests. */
const defaults = {
  RATE_LIMIT_PER_MINUTE: '',
  MAX_CONNECTIONS_PER_ADDRESS: '',
  MAX_HELD_PER_KEY: '',
  MAX_HELD_PER_ADDRESS: '',
};
const { MAX_HELD_PER_KEY: _key, MAX_HELD_PER_ADDRESS: _address, ...apiDefaults } = defaults;
const operationsDefaults = { MAX_CONNECTIONS_PER_ADDRESS: '' };
const operatorPassword = 'a-password-of-operators';

/** A stack, a job of the flooding client, and one of another owner, who is not to notice. */
interface World extends OperatedStack {
  /** The path of the flooding client's job. */
  readonly job: string;
  readonly other: { readonly key: string; readonly job: string };
}

async function startWorld(more: NodeJS.ProcessEnv = {}): Promise<World> {
  const stack = await startStack({
    ...{ operatorPassword, env: more },
    serviceEnv: { api: apiDefaults, status: defaults, operations: operationsDefaults },
  });
  const pool = stack.database.pool();
  await createOwner(pool, 'other');
  const { secret: key } = await issueKey(pool, 'other');
  await createDataset(pool, { code: 'esa', owner: 'other' });
  const startTime = new Date(Date.now() + 3_600_000).toISOString();
  const first = await submitForm(stack, { jobType: 'reset', startTime });
  const second = await ask(`${stack.apiUrl}/dataset/esa/jobs`, {
    method: 'POST',
    headers: { 'Content-Type': form, X_KASABI_APIKEY: key },
    body: new URLSearchParams({ jobType: 'reset', startTime }).toString(),
  });
  assert.deepEqual([first.status, second.status], [202, 202], first.text + second.text);
  const pathOf = (url: string): string => new URL(url).pathname;
  return { ...stack, job: pathOf(first.text), other: { key, job: pathOf(second.text) } };
}

/** A request in full, for the flooding process. */
function http(line: string, headers: Readonly<Record<string, string>> = {}, body?: string): string {
  const all = {
    Host: '127.0.0.1',
    ...headers,
    ...(body !== undefined && { 'Content-Type': form, 'Content-Length': String(body.length) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${line} HTTP/1.1`, ...lines, '', body ?? ''].join('\r\n');
}

const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `127.0.1.${index + 1}`);

describe('a flood of a service with default settings', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.stop());

  const reads = (): Question => ({
    url: `${world.statusUrl}${world.other.job}`,
    headers: { X_KASABI_APIKEY: world.other.key },
    everyMs: 30,
  });
  /** One job, however often it is asked for: ten a second are a client's due. */
  const asks = (): Question => ({
    url: `${world.apiUrl}/dataset/esa/jobs`,
    method: 'POST',
    headers: {
      'Content-Type': form,
      X_KASABI_APIKEY: world.other.key,
      'Idempotency-Key': 'the-same',
    },
    body: new URLSearchParams({
      jobType: 'reset',
      startTime: new Date(Math.ceil(Date.now() / 86_400_000) * 86_400_000).toISOString(),
    }).toString(),
    everyMs: 120,
  });
  let floods = 0;
  /** One client on many connections; each flood comes from another address, which none has used up. */
  const steady = () => {
    floods += 1;
    return { from: [`127.0.2.${floods}`], connections: 50, depth: 20, requests: 1e9 };
  };
  const onStatus = (
    order: Partial<Trial['order']> & Pick<Trial['order'], 'request' | 'perSecond'>,
    question: Question = reads(),
  ): Promise<FloodReport> =>
    withstands({
      order: { ...steady(), port: world.status.port, ...order },
      ...{ question, services: [world.status, world.api] },
    });
  const onApi = (
    order: Partial<Trial['order']> & Pick<Trial['order'], 'request' | 'perSecond'>,
  ): Promise<FloodReport> =>
    withstands({
      order: { ...steady(), port: world.api.port, ...order },
      ...{ question: asks(), services: [world.api] },
    });

  it('by DELETE with made-up keys keeps nobody else from cancelling', async () => {
    const url = `${world.statusUrl}${world.other.job}`;
    const headers = { X_KASABI_APIKEY: world.other.key };
    await ask(url, { method: 'DELETE', headers });
    const request = http(`DELETE ${world.job}`, { X_KASABI_APIKEY: 'made-up-{n}' });
    await onStatus({ request, perSecond: 200 }, { url, method: 'DELETE', headers, everyMs: 120 });
  });

  it('by 8,000 streams of events with one key, from ten addresses', async () => {
    const request = http(`GET ${world.job}/events`, { X_KASABI_APIKEY: world.key });
    const all = { from: addresses(10), connections: 8_000, depth: 1, requests: 8_000 };
    await onStatus({ ...all, request, perSecond: 1_600 });
  });

  it('by 19,000 waits that are pipelined on one connection', async () => {
    const request = http(`GET ${world.job}`, {
      X_KASABI_APIKEY: world.key,
      Prefer: 'wait=60',
    });
    const all = { connections: 1, depth: 19_000, requests: 19_000 };
    await onStatus({ ...all, request, perSecond: 19_000 });
  });

  it('by requests for a job without a key', async () => {
    await onStatus({ request: http(`GET ${world.job}`), perSecond: 4_000 });
  });

  it('by requests for a job with a made-up key each', async () => {
    const request = http(`GET ${world.job}`, { X_KASABI_APIKEY: 'made-up-{n}' });
    await onStatus({ request, perSecond: 4_000 });
  });

  for (const path of ['/readyz', '/healthz', '/metrics']) {
    it(`by ${path} of the status service`, async () => {
      await onStatus({ request: http(`GET ${path}`), perSecond: 4_000 });
    });

    it(`by ${path} of the api`, async () => {
      await onApi({ request: http(`GET ${path}`), perSecond: 4_000 });
    });
  }

  it('by jobs that are asked for without a key, and turned away', async () => {
    const request = http('POST /dataset/nasa/jobs', {}, 'jobType=reset');
    await onApi({ request, perSecond: 4_000 });
  });

  it('by requests that are no HTTP', async () => {
    await onApi({ request: 'NO HTTP {n}\r\n\r\n', perSecond: 1_000, depth: 1 });
  });
});

describe('a flood of a service behind a proxy', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ TRUST_PROXY: '1' });
  });
  after(() => world?.stop());

  const order = { from: ['127.0.0.1'], connections: 50, depth: 20, requests: 1e9 };
  const ofOthers = { 'X-Forwarded-For': '198.51.100.1' };
  const signIn = (): Question => ({
    url: `${world.operationsUrl}/ops/sign-in`,
    method: 'POST',
    headers: { ...ofOthers, 'Content-Type': form },
    body: new URLSearchParams({ password: operatorPassword }).toString(),
    everyMs: 300,
  });

  it('by wrong passwords from 256 addresses keeps the operator from nothing', async () => {
    const body = 'password=not-the-password';
    const headers = { 'X-Forwarded-For': '203.0.113.{byte}' };
    const request = http('POST /ops/sign-in', headers, body);
    const trial = { order: { ...order, port: world.operations.port, request, perSecond: 200 } };
    await withstands({ ...trial, question: signIn(), services: [world.operations] });
  });

  it('by one address that adds another port each time is one address', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.8:1{n}' };
    const request = http('POST /dataset/nasa/jobs', headers, 'jobType=reset');
    const question = {
      url: `${world.apiUrl}/dataset/esa/jobs`,
      method: 'POST',
      headers: { ...ofOthers, 'Content-Type': form, X_KASABI_APIKEY: world.other.key },
      body: 'jobType=none',
      everyMs: 120,
    };
    const trial = { order: { ...order, port: world.api.port, request, perSecond: 900 } };
    const { answers } = await withstands({ ...trial, question, services: [world.api] });
    assert.ok((answers['429'] ?? 0) > (answers['401'] ?? 0), JSON.stringify(answers));
  });
});
