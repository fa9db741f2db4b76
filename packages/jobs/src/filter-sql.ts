import type { RecordStatus } from '@kasabi/domain';

/** The times of a job that a range can refer to. */
export const filterTimes = ['created', 'start', 'ended'] as const;

export type FilterTime = (typeof filterTimes)[number];

/** A filter for jobs; everything that is given has to match. */
export interface JobFilter {
  /** A job's id, or at least its first eight digits, or part of a dataset's short code. */
  readonly text?: string | undefined;
  /** An owner's name. */
  readonly owner?: string | undefined;
  /** A dataset's short code. */
  readonly dataset?: string | undefined;
  readonly status?: RecordStatus | undefined;
  readonly type?: string | undefined;
  /** Part of the message, in upper or lower case. */
  readonly message?: string | undefined;
  /** The time that `from` and `to` refer to: the creation unless given. */
  readonly time?: FilterTime | undefined;
  /** Inclusive. */
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
}

/** A filter as SQL conditions, with the values of their parameters. */
export interface FilterSql {
  /** Conditions on `kasabi.job j` that indexes cover. */
  readonly indexed: readonly string[];
  /** Conditions on `kasabi.job j` that have to look at every job. */
  readonly scanned: readonly string[];
  /** Conditions on `kasabi.dataset d`. */
  readonly datasets: readonly string[];
  readonly values: unknown[];
  /** The values of `indexed` alone; they come first. */
  readonly indexedValues: unknown[];
  /** Adds a value and returns its placeholder. */
  parameter(value: unknown): string;
}

export interface FilterWithin extends JobFilter {
  readonly before?: string | undefined;
}

const idPrefix = /^[0-9a-f]{8}[0-9a-f-]{0,28}$/;

/** A job's id is made at most this much later than `created`, which is when its transaction began. */
const idLateMs = 60_000;

/**
 * Turns a filter into conditions.
 *
 * @param values the values of the statement that this becomes a part of; more are added.
 */
export function filterSql(filter: FilterWithin, values: unknown[] = []): FilterSql {
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const indexed: string[] = [];
  const scanned: string[] = [];
  const datasets: string[] = [];
  const { status, type, before, dataset, owner, message, time = 'created', from, to } = filter;
  if (status !== undefined) indexed.push(`j.status = ${parameter(status)}`);
  if (type !== undefined) indexed.push(`j.type = ${parameter(type)}`);
  if (before !== undefined) indexed.push(`j.id < ${parameter(before)}::uuid`);
  if (dataset !== undefined) {
    indexed.push(
      `j.dataset_id = (SELECT id FROM kasabi.dataset WHERE code = ${parameter(dataset)})`,
    );
  }
  const words = filter.text?.trim().toLowerCase() ?? '';
  const range = idPrefix.test(words) ? idRange(words) : undefined;
  if (range !== undefined) {
    const [first, last] = range;
    indexed.push(`j.id BETWEEN ${parameter(first)}::uuid AND ${parameter(last)}::uuid`);
  }
  // Ids are in the order of creation, and no job starts or ends before it is created.
  if (to !== undefined) indexed.push(`j.id < ${parameter(idAt(to.getTime() + idLateMs))}::uuid`);
  if (time === 'created') {
    if (from !== undefined) {
      indexed.push(`j.id >= ${parameter(idAt(from.getTime()))}::uuid`);
      indexed.push(`j.created >= ${parameter(from)}`);
    }
    if (to !== undefined) indexed.push(`j.created < ${parameter(to)}`);
  }
  const indexedValues = [...values];
  if (time !== 'created') {
    const column = time === 'start' ? 'j.start_time' : 'j.end_time';
    if (from !== undefined) scanned.push(`${column} >= ${parameter(from)}`);
    if (to !== undefined) scanned.push(`${column} < ${parameter(to)}`);
  }
  if (message !== undefined) {
    scanned.push(`strpos(lower(j.message), ${parameter(message.toLowerCase())}) > 0`);
  }
  if (owner !== undefined) {
    datasets.push(`d.owner_id = (SELECT id FROM kasabi.owner WHERE name = ${parameter(owner)})`);
  }
  if (words !== '' && range === undefined) datasets.push(`strpos(d.code, ${parameter(words)}) > 0`);
  return { indexed, scanned, datasets, values, indexedValues, parameter };
}

/** The smallest UUIDv7 of this millisecond. */
function idAt(ms: number): string {
  const digits = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`;
}

/** The first and the last id that begin with these digits; undefined if none can. */
function idRange(prefix: string): [string, string] | undefined {
  const digits = prefix.replaceAll('-', '');
  if (digits.length > 32) return undefined;
  return [digits.padEnd(32, '0'), digits.padEnd(32, 'f')];
}
