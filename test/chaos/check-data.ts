import type { Evidence } from './evidence.ts';
import type { Findings, Violation } from './invariants.ts';
import type { Write } from './writer.ts';

/**
 * Compares the quads that are there with the book the writer kept, in two ways.
 *
 * **By fence**, exactly. A writing transaction holds the dataset's shared lock from its INSERT to its end,
 * and a locker waits for that; so the fence it reads after its INSERT cannot change before it has
 * committed. A write that saw fence f lies after every clearing by a job that locked with a fence of at
 * most f, and before every clearing with a larger one. It must be there exactly when no completed job has a
 * larger fence. Every acknowledged write is decided this way: none is in doubt, whatever clocks say.
 *
 * **By time**, independently of fences and of the lock: what was acknowledged before a job was even asked
 * for must be gone when that job has completed; what was sent after every job had ended must be there. This
 * decides fewer writes, and would notice if fence and lock were wrong together. All times are read from
 * one machine's clock, and an answer always comes after what it reports.
 *
 * A write whose COMMIT was not answered may be there or not; if it is, it must obey the same rules.
 */
export function checkData({ dataset, evidence, submissions, writes }: Findings): Violation[] {
  const violations: Violation[] = [];
  const report = (invariant: 'kept' | 'cleared' | 'read-only', write: Write, why: string): void => {
    violations.push({ invariant, detail: `${dataset}: ${write.value}, ${write.outcome}, ${why}` });
  };
  const completed = evidence.jobs.filter((job) => job.status === 'completed');
  const lastClearing = Math.max(0, ...completed.map((job) => job.fence ?? 0));
  const lastEnd = Math.max(0, ...evidence.jobs.map((job) => job.end_time ?? 0));
  const askedFor = Math.max(
    0,
    ...submissions
      .filter(({ jobId }) => completed.some((job) => job.id === jobId))
      .map((it) => it.askedAt),
  );

  for (const write of writes) {
    const there = evidence.quads.has(write.value);
    if (write.outcome === 'refused') {
      if (there) report('read-only', write, `is there although it was refused (${write.reason})`);
      continue;
    }
    if (write.outcome === 'unknown' && !there) continue;
    if (write.storageMode === 'read-only') {
      report('read-only', write, `was let in while the dataset was locked, fence ${write.fence}`);
    }
    if (write.fence !== undefined && write.fence >= lastClearing && !there) {
      report('kept', write, `saw fence ${write.fence}, last cleared with ${lastClearing}, is gone`);
    } else if (write.attemptedAt > lastEnd && !there) {
      report('kept', write, 'was sent after the last job had ended, and is gone');
    }
    if (write.fence !== undefined && write.fence < lastClearing && there) {
      report('cleared', write, `saw fence ${write.fence}, cleared with ${lastClearing}, is there`);
    } else if (write.endedAt < askedFor && there) {
      report('cleared', write, 'was acknowledged before a completed job was asked for, is there');
    }
  }
  violations.push(...checkCommitTimes(dataset, evidence, lastClearing));
  return violations;
}

/**
 * A third witness for what survived: Postgres's own commit times. A quad that is there was committed after
 * the last completed job's record was written, which happens in its completing transaction while that
 * holds the dataset's lock.
 */
function checkCommitTimes(dataset: string, evidence: Evidence, lastClearing: number): Violation[] {
  const cleared = evidence.changes.find(
    ({ after }) => after?.status === 'completed' && after.fence === lastClearing,
  );
  if (cleared === undefined) return [];
  return [...evidence.quads]
    .filter(([, at]) => at < cleared.at)
    .map(([value, at]) => ({
      invariant: 'cleared',
      detail: `${dataset}: ${value} was committed ${Math.ceil(cleared.at - at)} ms before the job that cleared last had completed, and is there`,
    }));
}
