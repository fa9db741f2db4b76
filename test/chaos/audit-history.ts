import type { JobRow } from './evidence.ts';
import type { History } from './history.ts';
import type { Findings } from './invariants.ts';

/** Adds what Postgres noted to what the suite saw. */
export function writeAudit(history: History, { dataset, evidence, faults }: Findings): void {
  for (const { at, jobId, before, after } of evidence.changes) {
    const change = describe(before, after);
    if (change !== undefined) history.note(`  postgres: job ${jobId} of ${dataset} ${change}`, at);
  }
  for (const { at, after } of evidence.locks) {
    const holder = after.locked_by === null ? '' : ` by job ${after.locked_by}`;
    history.note(`  postgres: ${dataset} ${after.storage_mode}, fence ${after.fence}${holder}`, at);
  }
  const from = Math.min(...evidence.jobs.map((job) => job.created));
  const to = Math.max(...evidence.jobs.map((job) => job.end_time ?? Date.now()));
  // Faults of other trials hit this one's jobs as well.
  for (const fault of faults) {
    if (fault.dataset === dataset || (fault.to ?? to) < from || fault.from > to) continue;
    const process = fault.pid === 0 ? '' : ` (process ${fault.pid})`;
    history.note(
      `  meanwhile, by trial ${fault.trial}: ${fault.kind} of ${fault.target}${process}`,
      fault.from,
    );
  }
}

function describe(before: JobRow | null, after: JobRow | null): string | undefined {
  if (before === null)
    return `made, due ${Math.round((after?.due ?? 0) - (after?.created ?? 0))} ms later`;
  if (after === null) return 'deleted';
  if (before.status === after.status) {
    if (before.fence !== after.fence) return `has fence ${after.fence}`;
    if (before.enqueued_at === after.enqueued_at) return undefined;
    return after.enqueued_at === null ? 'is to be enqueued again' : 'enqueued';
  }
  const message = after.message === null ? '' : `: ${after.message}`;
  const holder = after.lease_holder === null ? '' : ` by ${after.lease_holder}`;
  return `${before.status} -> ${after.status}, attempt ${after.attempt}${holder}${message}`;
}
