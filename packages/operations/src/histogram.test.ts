import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addHistograms, percentileOf } from './histogram.ts';

const bucket = (ms: number): number => Math.ceil(Math.log(Math.max(ms, 1)) / Math.log(1.1));

function histogram(times: readonly number[]): Record<string, number> {
  const made: Record<string, number> = {};
  for (const time of times) made[bucket(time)] = (made[bucket(time)] ?? 0) + 1;
  return made;
}

const isNear = (value: number | null, wanted: number): void =>
  assert.ok(value !== null && Math.abs(value / wanted - 1) <= 0.1, `${value}, not ${wanted}`);

test('percentiles of what was added up are those of all jobs together, to within 10 %', () => {
  // A minute with 990 quick jobs and one with 10 slow ones: the median of all is quick.
  const quick = Array.from({ length: 990 }, (_, n) => 10 + n / 100);
  const slow = Array.from({ length: 10 }, () => 60_000);
  const all = addHistograms([histogram(quick), null, histogram(slow)]);
  isNear(percentileOf(all, 0.5), 15);
  isNear(percentileOf(all, 0.98), 19.9);
  isNear(percentileOf(all, 0.995), 60_000);
  const sorted = [...quick, ...slow].sort((a, b) => a - b);
  for (const part of [0.1, 0.25, 0.5, 0.75, 0.9]) {
    isNear(percentileOf(all, part), sorted[Math.ceil(part * 1_000) - 1] ?? 0);
  }
});

test('one job, none, and what took no time at all', () => {
  isNear(percentileOf(histogram([40_000]), 0.99), 40_000);
  assert.equal(percentileOf({}, 0.5), null);
  const none = percentileOf(histogram([0, 0, 0.2]), 0.99);
  assert.ok(none !== null && none <= 1);
});
