import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFilter, parseJobFilter } from './job-filter.ts';
import { parseMoment } from './moment.ts';

const now = new Date('2026-11-25T12:00:00Z');
const iso = (text: string): string | undefined => parseMoment(text, now)?.toISOString();

test('moments are days, times with or without an offset, and how long ago', () => {
  assert.deepEqual(
    ['2026-11-25', '2026-11-25T08:30', '2026-11-25 08:30:15 UTC', '2026-11-25T08:30+02:00'].map(
      iso,
    ),
    [
      '2026-11-25T00:00:00.000Z',
      '2026-11-25T08:30:00.000Z',
      '2026-11-25T08:30:15.000Z',
      '2026-11-25T06:30:00.000Z',
    ],
  );
  assert.deepEqual(['30min', '2h', '7d'].map(iso), [
    '2026-11-25T11:30:00.000Z',
    '2026-11-25T10:00:00.000Z',
    '2026-11-18T12:00:00.000Z',
  ]);
  const wrong = [
    '',
    'yesterday',
    '2026-11-31',
    '2026-02-29',
    '2026-13-01',
    '25.11.2026',
    '2 h',
    '1732536000',
    '2026-11-25T25:00',
  ];
  assert.deepEqual(
    wrong.map(iso),
    wrong.map(() => undefined),
  );
});

test('a value that a filter cannot have is told, with what may have been meant', () => {
  const problems = (given: object) => parseJobFilter(given, now).problems;
  assert.deepEqual(problems({ status: 'complete' }), [
    'There is no status "complete"; did you mean completed?',
  ]);
  assert.match(problems({ status: 'done' })[0] ?? '', /it is one of scheduled, running/);
  assert.match(problems({ status: '<b>' })[0] ?? '', /^There is no status; it is one of/);
  assert.match(problems({ type: 'rest' })[0] ?? '', /did you mean reset/);
  assert.match(problems({ time: 'begin' })[0] ?? '', /created, start, ended/);
  assert.match(problems({ from: 'then' })[0] ?? '', /^from must be a time such as/);
  assert.match(problems({ dataset: 'NASA!' })[0] ?? '', /must be a short code/);
  assert.match(problems({ message: 'x'.repeat(201) })[0] ?? '', /at most 200/);
  assert.match(problems({ owner: 'a\0b' })[0] ?? '', /owner/);
  assert.deepEqual(problems({ status: ' ', owner: '', from: undefined }), []);
  assert.equal(problems({ status: 'x', type: 'y' }).length, 2);
});

test('a filter goes into words', () => {
  const given = {
    owner: 'nasa',
    status: 'failed',
    message: 'busy',
    time: 'ended',
    from: '2h',
    to: '2026-11-25T11:59:30.25Z',
  };
  const { filter } = parseJobFilter(given, now);
  assert.equal(
    describeFilter(filter),
    'of the owner nasa, with "busy" in the message, ended from 2026-11-25 10:00 UTC to 2026-11-25 11:59 UTC',
  );
  assert.equal(describeFilter({}), '');
});
