import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { suggest } from './suggest.ts';

const candidates = ['jobType', 'startTime', 'apikey', 'LOG_LEVEL'];

describe('suggest', () => {
  it('finds what was meant', () => {
    for (const [name, meant] of [
      ['jobtype', 'jobType'],
      ['job-type', 'jobType'],
      ['api_key', 'apikey'],
      ['startTme', 'startTime'],
      ['LOG_LVL', 'LOG_LEVEL'],
    ] as const) {
      assert.equal(suggest(name, candidates), meant);
    }
  });

  it('suggests nothing that is too different', () => {
    for (const name of ['', 'x', 'type', 'start', 'apikey'.repeat(2_000), 'when']) {
      assert.equal(suggest(name, candidates), undefined);
    }
  });

  it('is strict with short names, and chooses the nearest of several', () => {
    assert.equal(suggest('abcd', ['abxx']), undefined);
    assert.equal(suggest('resets', ['reseeds', 'reset', 'presets']), 'reset');
  });
});
