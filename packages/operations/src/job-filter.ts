import { datasetCodePattern, jobTypeNames, recordStatuses } from '@kasabi/domain';
import { filterTimes, type JobFilter } from '@kasabi/jobs';
import { suggest } from '@kasabi/runtime';
import { isWordOf, parseMoment } from './moment.ts';

/** The names of a filter's parameters, in an address, in a form and on the command line. */
export const filterParameters = [
  'text',
  'owner',
  'dataset',
  'status',
  'type',
  'message',
  'time',
  'from',
  'to',
] as const;

export type FilterParameters = Readonly<
  Partial<Record<(typeof filterParameters)[number], string | undefined>>
>;

/** A filter, and a sentence for each parameter with a bad value. */
export interface ParsedFilter {
  readonly filter: JobFilter;
  readonly problems: readonly string[];
}

const mostCharacters = 200;

/**
 * Reads a filter. Bad values are reported, not ignored: a list that ignores a misspelt status shows jobs that nobody
 * asked for. An empty value means none.
 *
 * @param now from when times such as `2h` count back.
 */
export function parseJobFilter(given: FilterParameters, now = new Date()): ParsedFilter {
  const problems: string[] = [];
  const text = (name: keyof FilterParameters): string | undefined => {
    const value = given[name]?.trim();
    if (value === undefined || value === '') return undefined;
    // Postgres takes no NUL in a text.
    if (value.length <= mostCharacters && !value.includes('\0')) return value;
    problems.push(`${name} must have at most ${mostCharacters} characters.`);
    return undefined;
  };
  const word = <Word extends string>(
    name: keyof FilterParameters,
    words: readonly Word[],
  ): Word | undefined => {
    const value = text(name);
    if (value === undefined || isWordOf(words, value)) return value as Word | undefined;
    problems.push(unknownWord(name, value, words));
    return undefined;
  };
  const moment = (name: 'from' | 'to'): Date | undefined => {
    const value = text(name);
    const parsed = value === undefined ? undefined : parseMoment(value, now);
    if (value !== undefined && parsed === undefined) {
      problems.push(
        `${name} must be a time such as 2026-11-25, 2026-11-25T12:00Z, or 2h (two hours ago).`,
      );
    }
    return parsed;
  };
  const dataset = text('dataset');
  if (dataset !== undefined && !datasetCodePattern.test(dataset)) {
    problems.push('dataset must be a short code: lower-case letters, digits and hyphens.');
  }
  const filter = {
    text: text('text'),
    owner: text('owner'),
    dataset,
    status: word('status', recordStatuses),
    type: word('type', jobTypeNames),
    message: text('message'),
    time: word('time', filterTimes),
    from: moment('from'),
    to: moment('to'),
  };
  return { filter, problems };
}

/** `There is no status "complete"; did you mean completed?` */
export function unknownWord(name: string, value: string, words: readonly string[]): string {
  const meant = suggest(value, words);
  const shown = /^[\w.-]{1,40}$/.test(value) ? ` "${value}"` : '';
  return `There is no ${name}${shown}; ${
    meant === undefined ? `it is one of ${words.join(', ')}.` : `did you mean ${meant}?`
  }`;
}

const timeWords = { created: 'created', start: 'with a start time', ended: 'ended' } as const;

/**
 * A filter in words, to follow a plural: `of the owner nasa, with "busy" in the message`. Empty for a filter that every
 * job matches. It leaves out the status, which the caller puts before the noun.
 */
export function describeFilter(filter: JobFilter): string {
  const { text, owner, dataset, type, message, time = 'created', from, to } = filter;
  const parts = [
    type !== undefined && `of the type ${type}`,
    owner !== undefined && `of the owner ${owner}`,
    dataset !== undefined && `of the dataset ${dataset}`,
    text !== undefined && `found by "${text}"`,
    message !== undefined && `with "${message}" in the message`,
    (from !== undefined || to !== undefined) && `${timeWords[time]} ${rangeOf(from, to)}`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

function rangeOf(from: Date | undefined, to: Date | undefined): string {
  const at = (time: Date): string => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (to === undefined) return `since ${at(from as Date)}`;
  return from === undefined ? `before ${at(to)}` : `from ${at(from)} to ${at(to)}`;
}
