const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:([Zz])|([+-])(\d{2}):(\d{2}))$/;

const minute = 60_000;

/**
 * Parses an RFC 3339 date-time with its offset; undefined when it is none or there is no such moment.
 * Fractions finer than a millisecond round up, so that nothing starts before the time asked for. A leap
 * second is the first second of the next minute, and allowed where one can be: at 23:59:60 UTC.
 */
export function parseDateTime(text: string): Date | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day] = [part(1), part(2), part(3)];
  const [hour, minutes, seconds] = [part(4), part(5), part(6)];
  const [offsetHours, offsetMinutes] = [part(10), part(11)];
  if (hour > 23 || minutes > 59 || seconds > 60 || offsetHours > 23 || offsetMinutes > 59) {
    return undefined;
  }
  const date = new Date(0);
  // setUTCFullYear, unlike Date.UTC, takes the years 0 to 99 as they are.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const sign = match[9] === '-' ? -1 : 1;
  const offset = sign * (offsetHours * 60 + offsetMinutes) * minute;
  const startOfMinute = date.getTime() + (hour * 60 + minutes) * minute - offset;
  if (seconds === 60 && (startOfMinute / minute + 1) % (24 * 60) !== 0) return undefined;
  const fraction = Math.ceil(Number(`0.${match[7] ?? 0}`) * 1_000);
  return new Date(startOfMinute + seconds * 1_000 + fraction);
}

/** A moment as the API writes it: UTC, to the second, with `Z`. */
export function formatDateTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
