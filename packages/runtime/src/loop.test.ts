import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '@kasabi/test/support/wait-for';
import { createLoop, type LoopRound } from './loop.ts';

const never = 3_600_000;
const unexpected = (error: unknown): never => assert.fail(String(error));

test('the first round begins at once, the next after the pause', async () => {
  const begun: number[] = [];
  const loop = createLoop({
    name: 'test',
    intervalMs: 50,
    runOnce: async () => void begun.push(performance.now()),
    onError: unexpected,
  });
  const started = performance.now();
  loop.start();
  await waitFor(() => begun.length >= 3, { what: 'three rounds' });
  await loop.stop();
  const [first = Number.NaN, second = Number.NaN, third = Number.NaN] = begun;
  assert.ok(first - started < 40, `${first - started}`);
  for (const pause of [second - first, third - second]) assert.ok(pause > 43, `${pause}`);
});

test('a failed round is reported and followed by another', async () => {
  const errors: unknown[] = [];
  const failure = new Error('no');
  const loop = createLoop({
    name: 'test',
    intervalMs: 1,
    runOnce: () => Promise.reject(failure),
    onError: (error) => errors.push(error),
  });
  loop.start();
  await waitFor(() => errors.length >= 3, { what: 'three failures' });
  await loop.stop();
  assert.equal(errors[0], failure);
});

test('the function it was started with is called after every round', async () => {
  const rounds: LoopRound[] = [];
  let count = 0;
  const loop = createLoop({
    name: 'test',
    intervalMs: 1,
    runOnce: () => (++count === 1 ? Promise.reject(new Error('no')) : Promise.resolve()),
    onError: () => undefined,
  });
  loop.start((round) => rounds.push(round));
  await waitFor(() => rounds.length >= 2, { what: 'two rounds' });
  await loop.stop();
  const [first, second] = rounds;
  assert.deepEqual([first?.loop, first?.failed, second?.failed], ['test', true, false]);
  assert.ok((second?.durationMs ?? -1) >= 0);
});

test('stop waits for the current round but not for the pause', async () => {
  let finish = (): void => undefined;
  let rounds = 0;
  const loop = createLoop({
    name: 'test',
    intervalMs: never,
    runOnce: () => {
      rounds += 1;
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
    onError: unexpected,
  });
  loop.start();
  await waitFor(() => rounds === 1, { what: 'the first round' });
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  await new Promise(setImmediate);
  assert.equal(stopped, false);
  finish();
  await stopping;
  assert.equal(rounds, 1);
});

test('rounds never overlap, however often it is started; a stopped one stays stopped', async () => {
  let [under, most, rounds] = [0, 0, 0];
  const loop = createLoop({
    name: 'test',
    intervalMs: 1,
    runOnce: async () => {
      under += 1;
      most = Math.max(most, under);
      await new Promise(setImmediate);
      under -= 1;
      rounds += 1;
    },
    onError: unexpected,
  });
  await loop.runOnce();
  loop.start();
  loop.start();
  await waitFor(() => rounds >= 5, { what: 'five rounds' });
  await loop.stop();
  const done = rounds;
  loop.start();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([most, rounds], [1, done]);
});

test('a loop that never ran stops at once', async () => {
  const loop = createLoop({
    name: 'test',
    intervalMs: never,
    runOnce: () => assert.fail('it ran'),
    onError: unexpected,
  });
  await loop.stop();
});
