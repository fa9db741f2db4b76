const units = { min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a length of time such as `30min`, `8h` or `7d`, in milliseconds; undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,5})(min|h|d)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units];
}

/**
 * Reads a moment as operators write it: a day (`2026-11-25`, its beginning in UTC), a time with or without an offset
 * (`2026-11-25T12:00`, in UTC without one), or how long ago it was (`30min`, `2h`, `7d`). Undefined for anything else,
 * and for a day that does not exist.
 */
export function parseMoment(text: string, now: Date): Date | undefined {
  const span = parseSpan(text);
  if (span !== undefined) return new Date(now.getTime() - span);
  const parts =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?\s?(UTC|Z|[+-]\d\d:\d\d)?)?$/.exec(
      text,
    );
  if (parts === null) return undefined;
  const [, day = '', time = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = parts;
  const moment = new Date(
    `${day}T${time}${seconds}${fraction.slice(0, 4)}${zone.replace('UTC', 'Z')}`,
  );
  if (Number.isNaN(moment.getTime())) return undefined;
  // Date turns the 31st of November into the 1st of December.
  const exists = new Date(`${day}T00:00Z`);
  return exists.toISOString().startsWith(day) ? moment : undefined;
}

/** Whether a value is one of these words. */
export const isWordOf = <Word extends string>(
  words: readonly Word[],
  value: string,
): value is Word => (words as readonly string[]).includes(value);
