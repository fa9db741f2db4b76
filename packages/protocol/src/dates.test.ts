import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatDateTime, parseDateTime } from './dates.ts';

const iso = (text: string): string | undefined => parseDateTime(text)?.toISOString();

describe('parseDateTime', () => {
  it('reads what RFC 3339 allows', () => {
    assert.equal(iso('2011-05-27T14:30:00Z'), '2011-05-27T14:30:00.000Z');
    assert.equal(iso('2011-05-27t14:30:00z'), '2011-05-27T14:30:00.000Z');
    assert.equal(iso('2011-05-27 14:30:00Z'), '2011-05-27T14:30:00.000Z');
    assert.equal(iso('2011-05-27T14:30:00+02:00'), '2011-05-27T12:30:00.000Z');
    assert.equal(iso('2011-05-27T14:30:00-00:00'), '2011-05-27T14:30:00.000Z');
    assert.equal(iso('2011-12-31T23:30:00.25-05:45'), '2012-01-01T05:15:00.250Z');
    assert.equal(iso('2012-02-29T00:00:00Z'), '2012-02-29T00:00:00.000Z');
    assert.equal(iso('0099-01-01T00:00:00Z'), '0099-01-01T00:00:00.000Z');
  });

  it('rounds fractions up, so that nothing starts early', () => {
    assert.equal(iso('2011-05-27T14:30:00.0001Z'), '2011-05-27T14:30:00.001Z');
    assert.equal(iso('2011-05-27T14:30:00.9999Z'), '2011-05-27T14:30:01.000Z');
  });

  it('takes a leap second where there can be one', () => {
    assert.equal(iso('2016-12-31T23:59:60Z'), '2017-01-01T00:00:00.000Z');
    assert.equal(iso('2017-01-01T01:59:60+02:00'), '2017-01-01T00:00:00.000Z');
    assert.equal(iso('2016-12-31T22:59:60Z'), undefined);
  });

  for (const text of [
    '',
    '2011-05-27',
    '2011-05-27T14:30Z',
    '2011-05-27T14:30:00',
    '2011-02-29T00:00:00Z',
    '2011-13-01T00:00:00Z',
    '2011-00-01T00:00:00Z',
    '2011-01-00T00:00:00Z',
    '2011-05-27T24:00:00Z',
    '2011-05-27T14:60:00Z',
    '2011-05-27T14:30:61Z',
    '2011-05-27T14:30:00+24:00',
    '2011-05-27T14:30:00+0200',
    '2011-05-27T14:30:00.Z',
    ' 2011-05-27T14:30:00Z',
    '12011-05-27T14:30:00Z',
    'tomorrow',
  ]) {
    it(`refuses "${text}"`, () => {
      assert.equal(parseDateTime(text), undefined);
    });
  }
});

describe('formatDateTime', () => {
  it('writes UTC to the second', () => {
    assert.equal(formatDateTime(new Date('2011-05-27T14:30:00.999Z')), '2011-05-27T14:30:00Z');
  });
});
