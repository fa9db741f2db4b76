import { median, show } from './statistics.ts';

/** How the two sides of a row are compared, in every round. */
export type Comparison =
  /** The product's figure over the baseline's. */
  | 'ratio'
  /** The baseline's over the product's: how many times faster. */
  | 'speed-up'
  /** The product's figure less the baseline's. */
  | 'difference';

export interface Target {
  readonly bound: 'at least' | 'at most';
  readonly value: number;
}

/** One line of the results. */
export interface Row {
  readonly part: string;
  readonly what: string;
  readonly unit: string;
  /** The product's figure in each round. */
  readonly product: readonly number[];
  /** What it is compared with; none where a figure is only stated. */
  readonly baseline?: { readonly name: string; readonly values: readonly number[] } | undefined;
  readonly comparison?: Comparison;
  readonly target?: Target | undefined;
  /** Under which conditions, or what to know about it. */
  readonly note?: string;
}

/** What the rounds' comparisons come to, or the figures themselves that have a target but nothing beside them. */
export interface Verdict {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Whether the median meets the target; undefined without one. */
  readonly met: boolean | undefined;
}

/**
 * Compares the two sides round by round: what disturbed the machine meanwhile disturbed both. Undefined for a row that
 * is only stated.
 */
export function judge(row: Row): Verdict | undefined {
  const { baseline, comparison } = row;
  const isAlone = baseline === undefined || comparison === undefined;
  if (isAlone && row.target === undefined) return undefined;
  const compared = row.product.map((own, round) => {
    if (isAlone) return own;
    const other = baseline.values[round] ?? median(baseline.values);
    if (comparison === 'difference') return own - other;
    return comparison === 'ratio' ? own / other : other / own;
  });
  const middle = median(compared);
  return {
    median: middle,
    min: Math.min(...compared),
    max: Math.max(...compared),
    met: row.target === undefined ? undefined : meets(middle, row.target),
  };
}

function meets(value: number, { bound, value: limit }: Target): boolean {
  return bound === 'at least' ? value >= limit : value <= limit;
}

/** A target as the tables have it: `at least 0.8`, `at most 10 ms more`. */
export function showTarget(row: Row): string {
  if (row.target === undefined) return '';
  const { bound, value } = row.target;
  if (row.baseline === undefined) return `${bound} ${show(value)} ${row.unit}`;
  return `${bound} ${show(value)}${row.comparison === 'difference' ? ` ${row.unit} more` : ''}`;
}

/** A verdict as the tables have it: median and spread. */
export function showVerdict(row: Row, verdict: Verdict): string {
  const hasUnit = row.comparison === 'difference' || row.baseline === undefined;
  const unit = hasUnit ? ` ${row.unit}` : '';
  return `${show(verdict.median)}${unit} (${show(verdict.min)} to ${show(verdict.max)})`;
}
