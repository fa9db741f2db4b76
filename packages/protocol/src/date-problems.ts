const example = '2027-01-31T14:30:00Z';

/** Shapes of invalid texts, and what to say about them; the first match counts. The text itself is never repeated. */
const shapes: readonly (readonly [RegExp, string | ((text: string) => string)])[] = [
  [/^$/, `is empty; leave it out for as soon as possible, or write it as in ${example}`],
  [/^\s|\s$/, 'has white space around it; send the date and time alone'],
  [/^["']|["']$/, 'has quotation marks around it; send the date and time alone'],
  [/%[0-9a-f]{2}/i, 'is percent-encoded twice; encode it once'],
  [
    /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? \d{1,2}(:?\d{2})?$/i,
    'has a space where its offset begins: in a query string or a form, + stands for a space; write it as %2B, as in 2027-01-31T14:30:00%2B01:00',
  ],
  [
    /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(T.*)?$/i,
    `has a date without hyphens; write it with them, as in ${example}`,
  ],
  [/^[+-]?\d+([.,]\d*)?(e\+?\d+)?$/i, ofNumber],
  [/^\d{4}-?W\d{2}/i, `has a week number; write month and day, as in ${example}`],
  [/^\d{4}-\d{3}(?!\d)/, `has a day of the year; write month and day, as in ${example}`],
  [/^\d{4}-\d{2}$/, `has no day and no time; write both, as in ${example}`],
  [
    /^\d{4}-\d{2}-\d{2}(Z|[+-]\d{2}:?\d{2})?$/i,
    `has a date and no time; add one with its offset from UTC, as in ${example}`,
  ],
  [
    /^T?\d{1,2}:\d{2}/i,
    `has a time and no date; write both with the offset from UTC, as in ${example}`,
  ],
  [
    /^\d{1,4}[/.]\d{1,2}[/.]\d{1,4}|^\d{1,2}-\d{1,2}-\d{4}/,
    `has its date in another order or with other separators; write year-month-day, as in ${example}`,
  ],
  [/^\d{2}-\d{2}-\d{2}(?!\d)/, `has a two-digit year; write all four digits, as in ${example}`],
  [
    /^[+-]?\d{5,}-|^[+-]\d{4}-/,
    `has a year that does not have four digits; write it as in ${example}`,
  ],
];

/** The same for the text after a complete date. */
const timeShapes: readonly (readonly [RegExp, string])[] = [
  [/[ap]\.?m\b/i, 'uses a 12-hour clock; write hours from 00 to 23, without AM or PM'],
  [/^[T ]\d{2}(Z|[+-]\d{2}:?\d{2})?$/i, `has hours and no minutes; write both, as in ${example}`],
  [/^[T ]\d{2}:\d{2}:\d{2},\d+/i, 'has a comma before the fraction of a second; write a dot'],
  [/^[T ]\d{2}:\d{2}:\d{2}\.(?!\d)/i, 'has a dot without a fraction of a second after it'],
  [/^[T ]\d{2}:\d{2}\.\d/i, 'has a fraction of a minute; write seconds'],
  [
    /^[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/i,
    `has no offset from UTC; add Z for UTC, or one such as +01:00 (in a query string or a form %2B01:00), as in ${example}`,
  ],
  [
    /^[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}:\d{2})?\[/i,
    'names a time zone in brackets; send the offset from UTC alone, such as +01:00',
  ],
  [
    /^[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})./is,
    'has something after its offset; end it there',
  ],
  [
    /^[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?[A-Z]/i,
    'has letters where the offset from UTC should be; add Z for UTC, or one such as +01:00',
  ],
  [
    /^[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?[ +\u2212-]/i,
    'has its offset in another form; right after the time, write a sign, two digits, a colon and two digits, such as +01:00',
  ],
  [
    /^[T ]\d/i,
    'has its time in another form; hours, minutes and seconds have two digits each, with colons between them',
  ],
];

/** Says what is wrong with a text that does not have the form of a date-time, as the rest of a sentence. */
export function problemOfShape(text: string): string {
  for (const [shape, problem] of shapes) {
    if (shape.test(text)) return typeof problem === 'string' ? problem : problem(text);
  }
  const rest = /^\d{4}-\d{2}-\d{2}(?=\D)(.*)$/s.exec(text)?.[1];
  const known = timeShapes.find(([shape]) => rest !== undefined && shape.test(rest));
  if (known !== undefined) return known[1];
  if (rest === undefined && /^\d+-\d+-\d+/.test(text)) {
    return `has a year, month or day with more or fewer digits than ${example}`;
  }
  return `is not a date and time with its offset from UTC; write it as in RFC 3339: ${example}`;
}

/** As seconds since 1970, this is in the year 5138; as milliseconds, in 1973. */
const mostSeconds = 1e11;
const mostMilliseconds = 1e14;

function ofNumber(text: string): string {
  const value = Number(text.replace(',', '.'));
  if (/^\d{4}$/.test(text)) return `is only a year; write date and time, as in ${example}`;
  const [unit, ms] =
    Math.abs(value) < mostSeconds ? ['seconds', value * 1_000] : ['milliseconds', value];
  if (!(Math.abs(ms) < mostMilliseconds) || ms < -62_167_219_200_000) {
    return `is a number; write a date and time with its offset from UTC, as in ${example}`;
  }
  const moment = new Date(ms).toISOString().replace('.000Z', 'Z');
  return `is a number; if it counts ${unit} since 1970, write it as ${moment}`;
}
