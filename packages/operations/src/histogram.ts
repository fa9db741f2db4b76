/** Numbers of jobs by how long something took, as the tally keeps them: counts by bucket number. */
export type Histogram = Readonly<Record<string, number>>;

/** How much wider each bucket is than the one before: percentiles are accurate to within 10 %. */
const growth = 1.1;

/**
 * SQL for the bucket of a length of time in milliseconds: bucket 0 holds up to 1 ms, bucket n more than 1.1^(n-1) ms
 * and at most 1.1^n ms.
 */
export const bucketOf = (milliseconds: string): string =>
  `ceil(ln(greatest(${milliseconds}, 1)) / ln(${growth}))::int`;

/** SQL for the histogram of a group, from its columns of buckets and counts; NULL when there are none. */
export const histogramOf = (bucket: string, count: string): string =>
  `jsonb_object_agg(${bucket}, ${count}) FILTER (WHERE ${bucket} IS NOT NULL)`;

/** The sum of several histograms. */
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
 * The time, in milliseconds, within which this part of the jobs was done: 0.5 for the median. The jobs of a bucket are
 * taken to be evenly spread over it. Null when there are no jobs.
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
