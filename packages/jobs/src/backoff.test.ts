import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs } from './backoff.ts';

test('waits double from a second to five minutes', () => {
  const seconds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1_100].map(
    (attempt) => backoffMs(attempt, () => 1) / 1_000,
  );
  assert.deepEqual(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
});

test('at most half is taken off', () => {
  for (const attempt of [1, 4, 9]) {
    assert.equal(
      backoffMs(attempt, () => 0),
      backoffMs(attempt, () => 1) / 2,
    );
  }
});

test('jobs that failed together part ways, each within the bounds', () => {
  const waits = Array.from({ length: 200 }, () => backoffMs(5));
  assert.ok(new Set(waits).size > 100);
  for (const wait of waits) assert.ok(wait >= 8_000 && wait <= 16_000);
});
