import { checkAttempts } from './check-attempts.ts';
import { checkData } from './check-data.ts';
import { checkLocks } from './check-locks.ts';
import { checkRecords } from './check-records.ts';
import type { Findings, Violation } from './invariants.ts';

/** The promises that were broken to one dataset. */
export function check(findings: Findings): Violation[] {
  return [
    ...checkRecords(findings),
    ...checkAttempts(findings),
    ...checkLocks(findings),
    ...checkData(findings),
  ];
}
