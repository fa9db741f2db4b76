import { attemptsOf } from './check-attempts.ts';
import type { Findings, Invariant, Violation } from './invariants.ts';

/** Reads from the audit how the dataset was locked and unlocked. */
export function checkLocks({ dataset, evidence }: Findings): Violation[] {
  const violations: Violation[] = [];
  const wrong = (invariant: Invariant, detail: string): void => {
    violations.push({ invariant, detail: `${dataset}: ${detail}` });
  };
  const attempts = attemptsOf(evidence.changes);
  for (const { at, before, after } of evidence.locks) {
    if (after.storage_mode === 'read-only') {
      if (after.fence <= before.fence)
        wrong('lock-order', `locked with fence ${after.fence} again`);
      // A claim may lock in its own statement, before the record's change is noted.
      const running = attempts.find((it) => it.began <= at && at <= it.to);
      if (running?.jobId !== after.locked_by) {
        wrong('lock-order', `locked by job ${after.locked_by}, which is not the one running`);
      }
    } else if (after.fence !== before.fence) {
      wrong('lock-order', `unlocking changed the fence from ${before.fence} to ${after.fence}`);
    }
  }
  const { storage_mode: mode, locked_by: holder } = evidence.lock;
  if (mode !== 'read-write') wrong('unlocked', `left ${mode} by job ${holder}`);
  if (evidence.unentitled > 0) {
    wrong('fenced', 'a statement passed the guard without a valid fence');
  }
  if (evidence.unverified > 0) {
    wrong('verified', 'a lost attempt got as far as the data before anything stopped it');
  }
  return violations;
}
