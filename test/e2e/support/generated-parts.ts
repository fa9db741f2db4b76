// What generated requests are put together from.
import fc from 'fast-check';

export const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/);
export const latin1 = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((it) => String.fromCharCode(it)),
  maxLength: 40,
});
const anyText = fc.string({ unit: 'binary', maxLength: 30 });
const hostileText = fc.constantFrom(
  ...[
    '',
    ' ',
    '%',
    '%zz',
    '%ff',
    '%00',
    '\0',
    '..',
    '../..',
    '%2e%2e',
    '%2f',
    '//',
    '\\',
    '\u202e',
  ],
  ...["' OR 1=1--", '{{7*7}}', '<script>', '__proto__', 'constructor', 'null', 'undefined'],
  ...['-1', '1e999', 'NaN', '[object Object]', '😀', '\ud800', 'a'.repeat(70), 'b'.repeat(5_000)],
);
export const text = fc.oneof(hostileText, anyText, fc.constantFrom('reset', 'Reset', 'jobType'));

const time = fc.oneof(
  { weight: 3, arbitrary: fc.date({ noInvalidDate: true }).map((it) => it.toISOString()) },
  { weight: 2, arbitrary: fc.constantFrom('2011-05-27T14:30:00Z', '0000-01-01T00:00:00+23:59') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '9999-12-31T23:59:60Z',
      '2026-02-30T00:00:00Z',
      '2026-01-01T00:00:00',
    ),
  },
  { weight: 1, arbitrary: text },
);

/** Mostly what is good, now and then anything at all. */
export const mostly = <T>(good: T, other: fc.Arbitrary<T>, weight = 6): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: other });

/** Names with values. */
export type Pairs = readonly (readonly [string, string])[];

/** Parameters, mostly good ones. */
export function pairs(key: string): fc.Arbitrary<Pairs> {
  const pair = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('jobType'), mostly('reset', text)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('startTime'), time) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('apikey'), mostly(key, text)) },
    { weight: 1, arbitrary: fc.tuple(text, text) },
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant([['jobType', 'reset']] as Pairs) },
    { weight: 3, arbitrary: fc.array(pair, { maxLength: 4 }) },
  );
}

const loneSurrogates = /[\uD800-\uDFFF]/gu;

/** Encoded as forms are, but for some that are left as they came. */
export const formOf = (given: Pairs, encoded: boolean): string =>
  given
    .map((pair) =>
      pair
        .map((it) => (encoded ? encodeURIComponent(it.replace(loneSurrogates, '\uFFFD')) : it))
        .join('='),
    )
    .join('&');

const memberName = fc.constantFrom(
  ...['jobType', 'startTime', 'apikey', 'x', '', '__proto__'],
  ...['toString', 'valueOf', 'constructor', 'length', 'hasOwnProperty'],
);

/** Bodies with the type they are sent as. */
export function body(key: string): fc.Arbitrary<{ readonly type: string; readonly bytes: Buffer }> {
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const typed = (type: string) => (bytes: Buffer) => ({ type, bytes });
  const asForm = typed('application/x-www-form-urlencoded');
  const asJson = typed('application/json');
  return fc.oneof(
    fc.constant({ type: '', bytes: Buffer.alloc(0) }),
    fc
      .tuple(pairs(key), mostly(true, fc.boolean()))
      .map(([it, encoded]) => asForm(Buffer.from(formOf(it, encoded)))),
    pairs(key).map((it) => asJson(json(Object.fromEntries(it)))),
    fc.jsonValue({ maxDepth: 4 }).map((it) => asJson(json(it))),
    // Members under names that JavaScript knows, in objects that refuse to be strings.
    fc
      .object({ key: memberName, maxDepth: 3, withNullPrototype: true })
      .map((it) => asJson(json(it))),
    fc
      .integer({ min: 1, max: 8_000 })
      .map((depth) => asJson(Buffer.from(`{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`))),
    fc
      .tuple(fc.constantFrom('{"jobType":', '[', '{"x":[', '"'), fc.integer({ min: 1, max: 4_000 }))
      .map(([it, times]) => asJson(Buffer.from(it.repeat(times)))),
    fc.uint8Array({ maxLength: 300 }).map((it) => asJson(Buffer.from(it))),
    fc
      .integer({ min: 16_000, max: 40_000 })
      .map((length) => asForm(Buffer.alloc(length, 'jobType=reset&'))),
  );
}
