import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findLink } from './link-header.ts';

describe('findLink', () => {
  it('finds the relation, however it is written', () => {
    for (const header of [
      '<http://a/?x=1,2;3>; rel="next"',
      '<http://a/?x=1,2;3>; rel=next',
      '<http://a/?x=1,2;3> ; title="a, <b>; rel=no" ; REL = "prev Next"',
      '<http://b/>; rel="prev", <http://a/?x=1,2;3>; rel="next", <http://c/>; rel="next"',
      '<http://b/>; title="rel=\\"next\\"",<http://a/?x=1,2;3>;rel=next;x=y',
    ]) {
      assert.equal(findLink(header, 'next'), 'http://a/?x=1,2;3', header);
    }
  });

  it('finds nothing if there is no such link', () => {
    for (const header of [
      null,
      '',
      '<http://a/>',
      '<http://a/>; rel="nextish"',
      'http://a/; rel=next',
    ]) {
      assert.equal(findLink(header, 'next'), undefined, String(header));
    }
  });
});
