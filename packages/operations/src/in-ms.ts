/** SQL for the length of an interval in milliseconds. */
export const inMs = (interval: string): string =>
  `(extract(epoch FROM ${interval}) * 1000)::float8`;
