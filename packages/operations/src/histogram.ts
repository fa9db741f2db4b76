/** Jobs by how long something took, as the tally keeps them: buckets by their number. */
export type Histogram = Readonly<Record<string, number>>;

/** How much wider each bucket is than the one before: what is read from them is right to within 10 %. */
const growth = 1.1;

/**
 * SQL for the bucket of a length of time in milliseconds: bucket n holds what took over 1.1^(n-1) ms and at most
 * 1.1^n, bucket 0 up to 1 ms.
 */
export const bucketOf = (milliseconds: string): string =>
  `ceil(ln(greatest(${milliseconds}, 1)) / ln(${growth}))::int`;

/** SQL for a histogram of a column of buckets, of the rows of a group; NULL when there are none. */
export const histogramOf = (bucket: string, count: string): string =>
  `jsonb_object_agg(${bucket}, ${count}) FILTER (WHERE ${bucket} IS NOT NULL)`;

/** All of them as one. */
export function addHistograms(histograms: Iterable<Histogram | null>): Histogram {
  const sum: Record<string, number> = {};
  for (const histogram of histograms) {
    for (const [bucket, count] of Object.entries(histogram ?? {})) {
      sum[bucket] = (sum[bucket] ?? 0) + count;
    }
  }
  return sum;
}

/**
 * The time, in milliseconds, within which this part of the jobs was done: 0.5 for the median. Within a bucket
 * they count as evenly spread. Null when there are none.
 */
export function percentileOf(histogram: Histogram, part: number): number | null {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .sort(([one], [other]) => one - other);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  let left = part * total;
  for (const [bucket, count] of buckets) {
    if (left <= count) {
      if (bucket === 0) return left / count;
      return growth ** (bucket - 1 + left / count);
    }
    left -= count;
  }
  return growth ** (buckets.at(-1)?.[0] ?? 0);
}
