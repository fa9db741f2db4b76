/**
 * How long a `Retry-After` header asks to wait, in milliseconds: seconds or an HTTP date. Undefined when it is
 * missing or unreadable. A date counts from the answer's own `Date`, because this machine's clock may differ.
 */
export function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  // Date.parse alone would accept nearly anything as a date.
  if (!/^[A-Za-z]+,? /.test(value)) return undefined;
  const until = Date.parse(value);
  if (Number.isNaN(until)) return undefined;
  const sent = Date.parse(headers.get('date') ?? '');
  return Math.max(0, until - (Number.isNaN(sent) ? Date.now() : sent));
}
