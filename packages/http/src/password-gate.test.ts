import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import { createPasswordGate, type PasswordGateOptions } from './password-gate.ts';

const password = 'correct-horse-battery';
const create = (options: Partial<PasswordGateOptions> = {}) =>
  createPasswordGate({ password, delayMs: 50, ...options });

/** Ends the attempts that still wait when a test ends. */
let clients: AbortController;
let gone: AbortSignal;
beforeEach(() => {
  clients = new AbortController();
  gone = clients.signal;
  setMaxListeners(0, gone);
});
afterEach(() => clients.abort());

const open = { verdict: 'open' } as const;

test('the right password opens, however often; nothing else does', async () => {
  const gate = create();
  for (let tried = 0; tried < 40; tried += 1) {
    assert.deepEqual(await gate.try({ password, subject: 'a' }), open);
  }
  const wrong = ['', `${password}x`, password.slice(1)];
  for (const [n, other] of wrong.entries()) {
    const verdict = await gate.try({ password: other, subject: `address-${n}` });
    assert.deepEqual(verdict, { verdict: 'wrong' });
  }
});

test('the answer to a wrong one is delayed, and the next one longer', async () => {
  const gate = create();
  const took: number[] = [];
  for (let tried = 0; tried < 4; tried += 1) {
    const begun = performance.now();
    await gate.try({ password: 'guess', subject: 'a' });
    took.push(performance.now() - begun);
  }
  assert.ok((took[0] ?? 0) >= 45, took.join());
  assert.ok((took[3] ?? 0) >= 345, took.join());
});

test('the password opens at once, behind any number of wrong ones, from a new and the same address', async () => {
  const gate = createPasswordGate({ password });
  for (let n = 0; n < 10_000; n += 1) {
    void gate.try({ password: 'guess', subject: `${n % 1_000}`, gone });
  }
  const begun = performance.now();
  for (const subject of ['new', '3']) assert.deepEqual(await gate.try({ password, subject }), open);
  const took = performance.now() - begun;
  assert.ok(took < 250, `it took ${took} ms: as long as a wrong one would be held back`);
});

test('delayed answers are limited, for one address and for all; more wrong ones are refused at once', async () => {
  const gate = create({ delayMs: 5_000, mostHeld: 100 });
  const send = (subject: string) => gate.try({ password: 'guess', subject, gone });
  for (let n = 0; n < 50; n += 1) void send('one');
  const tooMany = { verdict: 'too-many', retryAfterSeconds: 2 };
  assert.deepEqual(await send('one'), tooMany);
  for (let n = 0; n < 50; n += 1) void send(`other-${n}`);
  assert.deepEqual(await send('new'), tooMany);
});

test('an attempt whose client has gone makes room for another', async () => {
  const gate = create({ delayMs: 60_000, mostHeld: 1 });
  const client = new AbortController();
  const first = gate.try({ password: 'guess', subject: 'a', gone: client.signal });
  assert.equal((await gate.try({ password: 'guess', subject: 'b', gone })).verdict, 'too-many');
  client.abort();
  await first;
  const next = gate.try({ password: 'guess', subject: 'b', gone });
  clients.abort();
  assert.equal((await next).verdict, 'wrong');
  const late = await gate.try({ password: 'guess', subject: 'c', gone });
  assert.equal(late.verdict, 'wrong', 'of one who had gone before');
});
