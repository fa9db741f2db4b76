/**
 * The result of a check. `skip`: its precondition is missing, which another check reports. `ack`: it is wrong, and an
 * operator has acknowledged that.
 */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skip' | 'ack';

/** One check and its result. */
export interface Check {
  /** A stable name: one of the checks' own, or the code of a finding. */
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found, in a sentence or less. */
  readonly what: string;
  /** What to do about it; absent when all is well. */
  readonly todo?: string;
}

/** A check that is `ok`, or else says what is wrong and what to do. */
export function judge(
  name: string,
  what: string,
  problem?: { readonly status: 'warn' | 'fail'; readonly todo: string },
): Check {
  return problem === undefined ? { name, status: 'ok', what } : { name, what, ...problem };
}

/** The verdict of all checks: the gravest of them. */
export function worstOf(checks: readonly Check[]): 'ok' | 'warn' | 'fail' {
  const has = (status: CheckStatus): boolean => checks.some((check) => check.status === status);
  if (has('fail')) return 'fail';
  return has('warn') ? 'warn' : 'ok';
}

/** Whether a version such as `8.6.4` is at least another. */
export function atLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((it) => it.split('.').map(Number));
  for (const [n, part] of (want ?? []).entries()) {
    const own = have?.[n] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}
