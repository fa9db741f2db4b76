import assert from 'node:assert/strict';
import { test } from 'node:test';
import { points } from './points.ts';
import { planTrial } from './schedule.ts';

test('the same seed gives the same schedule, another seed another one', () => {
  for (let trial = 0; trial < 20; trial += 1) {
    assert.deepEqual(planTrial(7, trial, []), planTrial(7, trial, []));
    assert.notDeepEqual(planTrial(7, trial, []), planTrial(8, trial, []));
  }
});

test('200 trials plan faults at every point at least 40 times, so that 20 can strike', () => {
  const planned = new Map<string, number>();
  for (let trial = 0; trial < 200; trial += 1) {
    for (const { faults } of planTrial(1, trial, []).datasets) {
      for (const { point } of faults) planned.set(point, (planned.get(point) ?? 0) + 1);
    }
  }
  for (const point of points) assert.ok((planned.get(point) ?? 0) >= 40, point);
});

test('faults can be kept to some points', () => {
  for (let trial = 0; trial < 50; trial += 1) {
    for (const { faults } of planTrial(1, trial, ['after-lock']).datasets) {
      for (const { point } of faults) assert.equal(point, 'after-lock');
    }
  }
});
