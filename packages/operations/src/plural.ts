/** `17,823`. */
export const formatCount = (count: number): string =>
  count.toLocaleString('en-US', { maximumFractionDigits: 0 });

/** `1 job`, `2 jobs`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;
