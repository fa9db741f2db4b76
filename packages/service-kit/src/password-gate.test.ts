import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPasswordGate } from './password-gate.ts';

const password = 'correct-horse-battery';
const create = () => createPasswordGate({ password, wrongPerMinute: 3, delayMs: 50 });

test('the password opens, however often; nothing else does', async () => {
  const gate = create();
  for (let tried = 0; tried < 40; tried += 1) {
    assert.deepEqual(await gate.try(password, 'a'), { verdict: 'open' });
  }
  const wrong = ['', `${password}x`, password.slice(1)];
  for (const [n, other] of wrong.entries()) {
    assert.deepEqual(await gate.try(other, `address-${n}`), { verdict: 'wrong' });
  }
});

test('a wrong one is answered late', async () => {
  const gate = create();
  const begun = performance.now();
  await gate.try('guess', 'a');
  assert.ok(performance.now() - begun >= 45);
});

test('after some wrong ones an address has to wait, others do not', async () => {
  const gate = create();
  for (let tried = 0; tried < 3; tried += 1) await gate.try('guess', 'a');
  for (const next of ['guess', password]) {
    const answer = await gate.try(next, 'a');
    assert.ok(answer.verdict === 'wait' && answer.retryAfterSeconds > 50, JSON.stringify(answer));
  }
  assert.deepEqual(await gate.try(password, 'b'), { verdict: 'open' });
});

test('many guesses at once, or from many addresses, are no way round', async () => {
  const one = create();
  const atOnce = await Promise.all(Array.from({ length: 20 }, () => one.try('guess', 'a')));
  assert.equal(atOnce.filter(({ verdict }) => verdict === 'wrong').length, 3);
  const all = create();
  const spread = await Promise.all(Array.from({ length: 60 }, (_, n) => all.try('guess', `${n}`)));
  assert.equal(spread.filter(({ verdict }) => verdict === 'wrong').length, 30);
});
