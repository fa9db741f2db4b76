import type { RecordStatus } from '@kasabi/domain';

/** Which of a job's times a range is of. */
export const filterTimes = ['created', 'start', 'ended'] as const;

export type FilterTime = (typeof filterTimes)[number];

/** What jobs are looked for by; everything that is given has to match. */
export interface JobFilter {
  /** A job's id or its first eight digits or more, or part of a dataset's short code. */
  readonly text?: string | undefined;
  /** An owner's name. */
  readonly owner?: string | undefined;
  /** A dataset's short code. */
  readonly dataset?: string | undefined;
  readonly status?: RecordStatus | undefined;
  readonly type?: string | undefined;
  /** Part of the message, whatever its case. */
  readonly message?: string | undefined;
  /** The time that `from` and `to` are of: when it was created unless given. */
  readonly time?: FilterTime | undefined;
  /** From then on. */
  readonly from?: Date | undefined;
  /** Before then. */
  readonly to?: Date | undefined;
}

/** A filter as SQL conditions, and the values of their parameters. */
export interface FilterSql {
  /** Of `kasabi.job j`, by its indexes. */
  readonly indexed: readonly string[];
  /** Of `kasabi.job j`, for which every job has to be looked at. */
  readonly scanned: readonly string[];
  /** Of `kasabi.dataset d`. */
  readonly datasets: readonly string[];
  readonly values: unknown[];
  /** The values of `indexed` alone, which are the first. */
  readonly indexedValues: unknown[];
  /** Adds a value and returns what stands for it. */
  parameter(value: unknown): string;
}

export interface FilterWithin extends JobFilter {
  readonly before?: string | undefined;
}

const idPrefix = /^[0-9a-f]{8}[0-9a-f-]{0,28}$/;

/** A job's id is made within this of its creation: that is when its transaction began. */
const idLateMs = 60_000;

/**
 * Turns a filter into conditions.
 *
 * @param values those of a statement that this is a part of.
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

/** The ids that begin with these digits, from the first to the last; undefined if none can. */
function idRange(prefix: string): [string, string] | undefined {
  const digits = prefix.replaceAll('-', '');
  if (digits.length > 32) return undefined;
  return [digits.padEnd(32, '0'), digits.padEnd(32, 'f')];
}
