import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import { createPasswordGate, type PasswordGateOptions } from './password-gate.ts';

const password = 'correct-horse-battery';
const create = (options: Partial<PasswordGateOptions> = {}) =>
  createPasswordGate({ password, delayMs: 50, ...options });

/** Those who still wait when a test ends go then. */
let clients: AbortController;
let gone: AbortSignal;
beforeEach(() => {
  clients = new AbortController();
  gone = clients.signal;
  setMaxListeners(0, gone);
});
afterEach(() => clients.abort());

const open = { verdict: 'open' } as const;

test('the password opens, however often; nothing else does', async () => {
  const gate = create({ atOnce: 10, perMinute: 1 });
  for (let tried = 0; tried < 40; tried += 1) {
    assert.deepEqual(await gate.try({ password, subject: 'a' }), open);
  }
  const wrong = ['', `${password}x`, password.slice(1)];
  for (const [n, other] of wrong.entries()) {
    const verdict = await gate.try({ password: other, subject: `address-${n}` });
    assert.deepEqual(verdict, { verdict: 'wrong' });
  }
});

test('a wrong one is answered late, and the next later', async () => {
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

test('the password opens after 100 wrong ones of ten addresses, from a new and the same one', async () => {
  const gate = createPasswordGate({ password });
  const guesses = Array.from({ length: 100 }, (_, n) =>
    gate.try({ password: 'guess', subject: `${n % 10}` }),
  );
  const begun = performance.now();
  for (const subject of ['new', '3']) assert.deepEqual(await gate.try({ password, subject }), open);
  assert.ok(performance.now() - begun < 1_000, 'at once');
  assert.ok((await Promise.all(guesses)).every(({ verdict }) => verdict === 'wrong'));
  assert.deepEqual(await gate.try({ password, subject: '3' }), open);
});

test('no more guesses are looked at than may be, however many are sent from however many addresses', async () => {
  const gate = create({ atOnce: 5, perMinute: 600 });
  let looked = 0;
  const begun = performance.now();
  for (let n = 0; n < 400; n += 1) {
    void gate.try({ password: 'guess', subject: `${n % 40}`, gone }).then(({ verdict }) => {
      if (verdict === 'wrong') looked += 1;
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const most = 5 + ((performance.now() - begun) * 600) / 60_000;
  assert.ok(looked >= 5 && looked <= most, `${looked} of at most ${most}`);
});

test('who comes from another address waits for a turn of each, not for all that they sent', async () => {
  const gate = create({ atOnce: 1, perMinute: 1_200 });
  for (let n = 0; n < 200; n += 1) {
    void gate.try({ password: 'guess', subject: `${n % 4}`, gone });
  }
  const begun = performance.now();
  assert.deepEqual(await gate.try({ password, subject: 'other' }), open);
  // Four turns of 50 ms each.
  assert.ok(performance.now() - begun < 2_000, `${performance.now() - begun} ms`);
});

test('who is known waits for nobody, until wrong too often', async () => {
  const gate = create({ atOnce: 1, perMinute: 1 });
  for (let n = 0; n < 40; n += 1) void gate.try({ password: 'guess', subject: 'a', gone });
  const known = 'a browser';
  assert.deepEqual(await gate.try({ password, subject: 'a', known }), open);
  const guesses = Array.from({ length: 10 }, () =>
    gate.try({ password: 'guess', subject: 'a', known }),
  );
  await Promise.all(guesses);
  const short = AbortSignal.timeout(300);
  const verdict = await gate.try({ password, subject: 'a', known, gone: short });
  assert.equal(verdict.verdict, 'wait', 'a stranger now, who waits until gone');
});

test('those who wait are bounded, and an address that is new gets a place all the same', async () => {
  const gate = create({ atOnce: 1, perMinute: 1 });
  const verdicts: string[] = [];
  const send = (subject: string) =>
    void gate
      .try({ password: 'guess', subject, gone })
      .then(({ verdict }) => verdicts.push(verdict));
  for (let n = 0; n < 60; n += 1) send('one');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(verdicts.filter((it) => it === 'wait').length, 9, '50 wait, one was looked at');
  for (let n = 0; n < 3_000; n += 1) send(`${n % 60}`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const refused = verdicts.filter((it) => it === 'wait').length;
  send('new');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(verdicts.filter((it) => it === 'wait').length, refused + 1, 'another made room');
});

test('one whose client has gone is not looked at, and its place is free', async () => {
  const gate = create({ atOnce: 1, perMinute: 1_200 });
  await gate.try({ password: 'guess', subject: 'a' });
  const others = Array.from({ length: 50 }, () => new AbortController());
  const answers = others.map(({ signal }) =>
    gate.try({ password: 'guess', subject: 'a', gone: signal }),
  );
  for (const client of others) client.abort();
  const verdicts = (await Promise.all(answers)).map(({ verdict }) => verdict);
  assert.ok(verdicts.filter((it) => it === 'wait').length >= 49, verdicts.join());
  const begun = performance.now();
  assert.deepEqual(await gate.try({ password, subject: 'a' }), open);
  assert.ok(performance.now() - begun < 1_000);
});
