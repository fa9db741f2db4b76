import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration } from './duration.ts';

test('durations are told in two units at most', () => {
  const told = [-5, 400, 9_940, 9_960, 61_000, 3_600_000, 3_725_000, 90_061_000].map(
    formatDuration,
  );
  assert.deepEqual(told, [
    '0.0 s',
    '0.4 s',
    '9.9 s',
    '10 s',
    '1 min 1 s',
    '1 h',
    '1 h 2 min',
    '1 d 1 h',
  ]);
});
