import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '@kasabi/test/support/wait-for';
import { createWindowCounter } from './window-counter.ts';

test('each subject is counted by itself, in a window that begins with its first request', async () => {
  const counter = createWindowCounter({ windowMs: 100 });
  assert.deepEqual(
    [counter.add('a').count, counter.add('a').count, counter.add('b').count],
    [1, 2, 1],
  );
  const { resetMs } = counter.add('a');
  assert.ok(resetMs > 0 && resetMs <= 100, String(resetMs));
  await waitFor(() => counter.add('a').count === 1, { what: 'a new window', everyMs: 10 });
});

test('a flood of new subjects makes it forget the oldest, and it never grows', () => {
  const counter = createWindowCounter({ windowMs: 60_000, mostSubjects: 100 });
  for (let n = 0; n < 100; n += 1) counter.add(`early-${n}`);
  assert.equal(counter.add('early-99').count, 2, 'none is forgotten before there are too many');
  for (let n = 0; n < 10_000; n += 1) {
    counter.add(`new-${n}`);
    assert.ok(counter.size <= 100);
  }
  assert.equal(counter.add('new-9999').count, 2);
  assert.equal(counter.add('early-99').count, 1);
});

test('windows that have ended are forgotten', async () => {
  const counter = createWindowCounter({ windowMs: 20 });
  for (let n = 0; n < 1_000; n += 1) counter.add(`early-${n}`);
  await waitFor(
    () => {
      counter.add('one');
      return counter.size <= 2;
    },
    { what: 'the counter to shrink', everyMs: 30 },
  );
});
