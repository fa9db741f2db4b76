import { problemOfShape } from './date-problems.ts';

/** A date and time with its offset, as in RFC 3339, except that the seconds may be left out. */
const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:([Zz])|([+-])(\d{2}):(\d{2}))$/;

/** The same for schemas, with the range of each part. It also matches days that their month does not have. */
export const dateTimePattern =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt ](?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d+)?)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** A date; or what is wrong with the text, as the rest of a sentence that begins with the parameter's name. */
export type ReadDateTime =
  | { readonly ok: true; readonly date: Date }
  | { readonly ok: false; readonly problem: string };

const minute = 60_000;

/**
 * Reads a date-time with its offset. Fractions finer than a millisecond are rounded up, so that nothing starts
 * before the requested time. A leap second counts as the first second of the next minute, and is allowed only at
 * 23:59:60 UTC.
 */
export function readDateTime(text: string): ReadDateTime {
  const match = dateTime.exec(text);
  if (match === null) return refused(problemOfShape(text));
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day] = [part(1), part(2), part(3)];
  const [hour, minutes, seconds] = [part(4), part(5), part(6)];
  const [offsetHours, offsetMinutes] = [part(10), part(11)];
  if (hour === 24) return refused('has the hour 24; midnight is 00:00 of the next day');
  if (hour > 23) return refused(`has the hour ${match[4]}; hours go from 00 to 23`);
  if (minutes > 59) return refused(`has the minute ${match[5]}; minutes go from 00 to 59`);
  if (seconds > 60) return refused(`has the second ${match[6]}; seconds go from 00 to 59`);
  if (offsetHours > 23 || offsetMinutes > 59) {
    return refused('has an offset that does not exist; offsets go from -23:59 to +23:59');
  }
  if (month < 1 || month > 12) return refused(`has the month ${match[2]}; months go from 01 to 12`);
  const date = new Date(0);
  // Unlike Date.UTC, setUTCFullYear takes the years 0 to 99 as they are.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) {
    date.setUTCFullYear(year, month, 0);
    const name = `${match[1]}-${match[2]}`;
    return refused(
      `names a day that does not exist: ${name} has the days 01 to ${date.getUTCDate()}`,
    );
  }
  const sign = match[9] === '-' ? -1 : 1;
  const offset = sign * (offsetHours * 60 + offsetMinutes) * minute;
  const startOfMinute = date.getTime() + (hour * 60 + minutes) * minute - offset;
  if (seconds === 60 && (startOfMinute / minute + 1) % (24 * 60) !== 0) {
    return refused('has the second 60, which exists only at 23:59:60 UTC, as a leap second');
  }
  const fraction = Math.ceil(Number(`0.${match[7] ?? 0}`) * 1_000);
  return { ok: true, date: new Date(startOfMinute + seconds * 1_000 + fraction) };
}

const refused = (problem: string): ReadDateTime => ({ ok: false, problem });

/** A date and time as the API writes it: UTC, to the second, with `Z`. */
export function formatDateTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
