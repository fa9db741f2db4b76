import { transitions } from '@kasabi/jobs';
import type { JobChange, JobRow } from './evidence.ts';
import type { Findings, Violation } from './invariants.ts';
import { maxAttempts } from './stack.ts';

const cancelMessage = /^Cancelled by /;

/** Reads from the audit what became of each job. */
export function checkRecords({ dataset, evidence, submissions }: Findings): Violation[] {
  const violations: Violation[] = [];
  const records = new Map(evidence.jobs.map((job) => [job.id, job]));
  for (const { jobId } of submissions) {
    if (records.has(jobId)) continue;
    violations.push({ invariant: 'ends', detail: `job ${jobId} was answered 202, has no record` });
  }
  for (const job of evidence.jobs) {
    if (job.end_time === null) {
      violations.push({ invariant: 'ends', detail: `job ${job.id} is still ${job.status}` });
    }
    const ran = evidence.changes.some((it) => it.jobId === job.id && isClaim(it));
    const cancelled = submissions.find((it) => it.jobId === job.id)?.cancelled ?? 'no';
    if (
      cancelled === 'done' &&
      (job.status !== 'cancelled' || !cancelMessage.test(job.message ?? ''))
    ) {
      violations.push({
        invariant: 'cancelled',
        detail: `job ${job.id} was called off and is ${job.status} (${job.message})`,
      });
    }
    if (job.status === 'cancelled' && cancelled !== 'done' && cancelled !== 'unknown') {
      violations.push({
        invariant: 'cancelled',
        detail: `job ${job.id} is cancelled, and nobody called it off (${cancelled})`,
      });
    }
    if (job.status === 'failed' && !mayFail(job, ran)) {
      violations.push({
        invariant: 'failed-with-reason',
        detail: `job ${job.id} failed (${job.reason}) at attempt ${job.attempt}, ${job.lost} lost: ${job.message}`,
      });
    }
  }
  for (const change of evidence.changes) violations.push(...checkStep(change));
  if (evidence.revived > 0) {
    violations.push({
      invariant: 'ends-once',
      detail: `${dataset}: ${evidence.revived} statements would have changed a record after its end`,
    });
  }
  return violations;
}

/** Trials are shorter than the hours for which a busy dataset is tried: only lost workers end a job. */
function mayFail(job: JobRow, ran: boolean): boolean {
  return ran && job.reason === 'lost' && job.lost === maxAttempts;
}

export function isClaim({ before, after }: JobChange): boolean {
  return before?.status === 'scheduled' && after?.status === 'running';
}

const hasEnded = ({ status }: JobRow): boolean => status !== 'scheduled' && status !== 'running';

/** One change of a record against the state machine that the product itself declares. */
function checkStep(change: JobChange): Violation[] {
  const { jobId, before, after } = change;
  const wrong = (detail: string): Violation[] => [
    { invariant: 'ends-once', detail: `job ${jobId}: ${detail}` },
  ];
  if (before === null) {
    return after?.status === 'scheduled' ? [] : wrong(`made as ${after?.status}`);
  }
  // The pruner keeps ended jobs for days, so here nothing may be deleted at all.
  if (after === null) return wrong(`deleted as ${before.status}`);
  const from = before.status;
  if (hasEnded(before)) return wrong(`changed after it was ${from}`);
  if (before.attempt > after.attempt && from !== 'running') return wrong('attempts went backwards');
  const lost = after.lost - before.lost;
  if (lost !== 0 && (lost !== 1 || from !== 'running' || after.status === 'completed')) {
    return wrong(`${after.lost} attempts lost, after ${before.lost} as ${from}`);
  }
  if (isClaim(change)) {
    // now() is the claim's own clock; the trigger ran in its transaction and read the same.
    if (change.began < before.due || (after.started ?? 0) < after.start_time) {
      const early = Math.ceil(before.due - change.began);
      return [
        { invariant: 'not-early', detail: `job ${jobId} was claimed ${early} ms before it is due` },
      ];
    }
    if (after.attempt !== before.attempt + 1) return wrong(`attempt ${after.attempt} out of order`);
    return [];
  }
  // What the relay and the API note about Redis is no step of the job.
  if (from === 'scheduled' && after.status === 'scheduled') {
    return before.due === after.due && before.attempt === after.attempt
      ? []
      : wrong('changed while scheduled');
  }
  const legal = Object.values(transitions[from]).some((targets) => targets.includes(after.status));
  return legal ? [] : wrong(`went from ${from} to ${after.status}`);
}
