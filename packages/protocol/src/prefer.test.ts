import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePreferWait } from './prefer.ts';

describe('Prefer: wait', () => {
  it('is understood alone and among other preferences, in any case, quoted or not', () => {
    for (const header of [
      'wait=7',
      'Wait = 7',
      'WAIT="7"',
      'respond-async, wait=7',
      'wait=7, respond-async',
      'wait=7; foo=bar',
      'return=minimal,wait=7,handling=lenient',
    ]) {
      assert.equal(parsePreferWait(header, 60), 7, header);
    }
  });

  it('is limited, however large', () => {
    assert.equal(parsePreferWait('wait=61', 60), 60);
    assert.equal(parsePreferWait('wait=99999999999999999999999', 60), 60);
    assert.equal(parsePreferWait('wait=0', 60), 0);
  });

  it('counts only once: the first of two', () => {
    assert.equal(parsePreferWait('wait=5, wait=9', 60), 5);
  });

  it('in any other form is ignored, and is no error', () => {
    for (const header of [
      undefined,
      '',
      'wait',
      'wait=',
      'wait=-1',
      'wait=1.5',
      'wait=5s',
      'await=5',
      'wait=5 6',
      'x-wait=5',
      '=,;',
    ]) {
      assert.equal(parsePreferWait(header, 60), undefined, header);
    }
  });
});
