import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dateTimePattern, formatDateTime, readDateTime } from './dates.ts';

function iso(text: string): string | undefined {
  const read = readDateTime(text);
  return read.ok ? read.date.toISOString() : undefined;
}

describe('readDateTime', () => {
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

  it('accepts a leap second where there can be one', () => {
    assert.equal(iso('2016-12-31T23:59:60Z'), '2017-01-01T00:00:00.000Z');
    assert.equal(iso('2017-01-01T01:59:60+02:00'), '2017-01-01T00:00:00.000Z');
    assert.equal(iso('2016-12-31T22:59:60Z'), undefined);
  });

  it('accepts a time without seconds, which RFC 3339 does not', () => {
    assert.equal(iso('2026-11-23T13:06Z'), '2026-11-23T13:06:00.000Z');
    assert.equal(iso('2026-11-23t13:06+01:00'), '2026-11-23T12:06:00.000Z');
  });
});

/** Each kind of mistake, with texts that have it. */
const wrong: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^is empty; leave it out for as soon as possible/, ['']],
  [/white space around it/, [' 2026-11-23T13:06:00Z', '2026-11-23T13:06:00Z\n', ' ']],
  [/quotation marks around it/, ['"2026-11-23T13:06:00Z"', "'2026-11-23'"]],
  [/encoded twice; encode it once/, ['2026-11-23T13%3A06%3A00Z', '2026-11-23T13:06:00%2B01:00']],
  [
    /has a space where its offset begins: .* write it as %2B, as in \S+%2B01:00$/,
    [
      ...['2026-11-23T13:06:00 01:00', '2026-11-23 13:06:00.5 01:00', '2026-11-23T13:06 01:00'],
      ...['2026-11-23T13:06:00 0100', '2026-11-23T13:06:00 01', '2026-11-23T13:06:00 1'],
    ],
  ],
  [/no offset from UTC; add Z .*\+01:00 .*%2B01:00/, ['2026-11-23T13:06:00', '2026-11-23 13:06']],
  [/no offset from UTC/, ['2026-11-23T13:06:00.123']],
  [
    /offset in another form; .* such as \+01:00/,
    [
      ...['2026-11-23T13:06:00+0100', '2026-11-23T13:06:00+01', '2026-11-23T13:06:00-1:00'],
      ...['2026-11-23T13:06:00\u221201:00', '2026-11-23T13:06:00 +01:00'],
    ],
  ],
  [/offset that does not exist/, ['2026-11-23T13:06:00+24:00', '2026-11-23T13:06:00-01:60']],
  [/letters where the offset/, ['2026-11-23T13:06:00 UTC', '2026-11-23T13:06:00CET']],
  [/zone in brackets/, ['2026-11-23T13:06:00+01:00[Europe/Paris]', '2026-11-23T13:06[UTC]']],
  [/something after its offset/, ['2026-11-23T13:06:00Z!', '2026-11-23T13:06:00+01:000']],
  [/date and no time; add one/, ['2026-11-23', '2026-11-23Z', '2026-11-23+01:00']],
  [/no day and no time/, ['2026-11']],
  [/only a year/, ['2026']],
  [/time and no date/, ['13:06:00Z', 'T13:06Z', '3:06']],
  [/counts seconds since 1970, write it as 2026-11-23T13:06:42Z$/, ['1795439202', '1795439202.0']],
  [/counts seconds since 1970, write it as 1970-01-01T00:00:00Z$/, ['0']],
  [/counts milliseconds since 1970, write it as 2026-11-23T13:06:42.123Z$/, ['1795439202123']],
  [/^is a number; write a date and time/, ['9'.repeat(30), '1795439202123000000', '-9e13']],
  [/week number/, ['2026-W48-1T13:06:00Z', '2026W48']],
  [/day of the year/, ['2026-327T13:06:00Z', '2026-327']],
  [/without hyphens/, ['20261123T130600Z', '20261123']],
  [
    /in another order or with other separators/,
    ['23.11.2026 13:06', '11/23/2026', '23-11-2026T13:06:00Z'],
  ],
  [/in another order or with other separators/, ['2026/11/23T13:06:00Z', '2026.11.23']],
  [/two-digit year/, ['26-11-23T13:06:00Z']],
  [/year that does not have four digits/, ['12026-11-23T13:06:00Z', '-2026-11-23T13:06:00Z']],
  [/more or fewer digits/, ['2026-1-3T13:06:00Z', '2026-11-233T13:06:00Z']],
  [/the month 13; months go/, ['2026-13-01T00:00:00Z']],
  [/the month 00; months go/, ['2026-00-01T00:00:00Z']],
  [/does not exist: 2026-02 has the days 01 to 28$/, ['2026-02-29T00:00:00Z', '2026-02-00T00:00Z']],
  [/does not exist: 2028-02 has the days 01 to 29$/, ['2028-02-30T00:00:00Z']],
  [/does not exist: 2026-11 has the days 01 to 30$/, ['2026-11-31T00:00:00Z']],
  [/the hour 24; midnight is 00:00/, ['2026-11-23T24:00:00Z']],
  [/the hour 25; hours go/, ['2026-11-23T25:00:00Z']],
  [/the minute 60; minutes go/, ['2026-11-23T13:60:00Z']],
  [/the second 61; seconds go/, ['2026-11-23T13:06:61Z']],
  [/a leap second$/, ['2026-11-23T13:06:60Z', '2016-12-31T22:59:60Z']],
  [/a comma before the fraction/, ['2026-11-23T13:06:00,5Z']],
  [/a dot without a fraction/, ['2026-11-23T13:06:00.Z']],
  [/a fraction of a minute/, ['2026-11-23T13:06.5Z']],
  [/hours and no minutes/, ['2026-11-23T13Z', '2026-11-23T13']],
  [/without AM or PM/, ['2026-11-23T01:06:00PM', '2026-11-23 1:06 am']],
  [/time in another form/, ['2026-11-23T1:06:00Z', '2026-11-23T130600Z', '2026-11-23T013:06:00Z']],
  [/^is not a date and time .* as in RFC 3339/, ['tomorrow', 'now', '2026-11-23_13:06:00Z']],
  [/^is not a date and time/, ['Mon, 23 Nov 2026 13:06:42 GMT', '\u0662\u0660\u0662\u0666']],
];

describe('what is not a date-time', () => {
  for (const [problem, texts] of wrong) {
    for (const text of texts) {
      it(`${JSON.stringify(text)} is told what is wrong with it`, () => {
        const read = readDateTime(text);
        assert.ok(!read.ok);
        assert.match(read.problem, problem);
      });
    }
  }

  it('is never sent back, because it may be a key', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 5 }),
        fc.constantFrom('', '2026-11-23T'),
        (text, start) => {
          const read = readDateTime(`${start}kasabi_${text}`);
          assert.ok(!read.ok && !read.problem.includes(text));
        },
      ),
    );
  });
});

describe('the pattern of the schemas', () => {
  const digits = (most: number) =>
    fc.integer({ min: 0, max: most }).map((it) => String(it).padStart(2, '0'));
  const nearly = fc
    .tuple(
      ...[fc.constantFrom('2026', '0000', '9999', '26'), digits(14), digits(33)],
      ...[fc.constantFrom('T', 't', ' ', '_'), digits(26), digits(61)],
      ...[fc.option(digits(62)), fc.constantFrom('', '.5', '.', ',5')],
      fc.constantFrom('Z', 'z', '', '+01:00', '-23:59', '+24:00', '+0100', ' 01:00'),
    )
    .map(([year, month, day, t, hour, minutes, seconds, fraction, offset]) =>
      [
        `${year}-${month}-${day}${t}${hour}:${minutes}`,
        ...(seconds === null ? [offset] : [`:${seconds}${fraction}${offset}`]),
      ].join(''),
    );

  it('matches everything that is read, and otherwise only days and seconds that do not exist', () => {
    let allowed = 0;
    fc.assert(
      fc.property(nearly, (text) => {
        const read = readDateTime(text);
        if (dateTimePattern.test(text)) allowed += 1;
        if (read.ok) assert.match(text, dateTimePattern);
        else if (dateTimePattern.test(text)) {
          assert.match(read.problem, /a day that does not exist|a leap second/);
        }
      }),
      { numRuns: 5_000 },
    );
    assert.ok(allowed > 50, `${allowed} were allowed`);
  });
});

describe('formatDateTime', () => {
  it('writes UTC to the second', () => {
    assert.equal(formatDateTime(new Date('2011-05-27T14:30:00.999Z')), '2011-05-27T14:30:00Z');
  });
});
