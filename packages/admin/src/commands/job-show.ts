import { type OperatorJob, readJob, readTransitions, type Transition } from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jobId, jsonOption } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { JobUnknown } from '../errors.ts';
import { formatTime, printResult } from '../output.ts';
import { formatList, formatTable } from '../table.ts';

/** Adds `job show`. */
export function addShowCommand(job: Command): void {
  const show = job
    .command('show')
    .description('show a job: its record, and each of its transitions with its error')
    .argument('<ID>', "the job's id", jobId)
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: true }) => {
      const [found, transitions] = await withDatabase((pool) =>
        Promise.all([readJob(pool, id), readTransitions(pool, id)]),
      );
      if (found === undefined) throw new JobUnknown(id);
      const words = `${recordTable(found, transitions)}\n\n${transitionTable(transitions)}`;
      printResult(options, { ...found, transitions }, words);
    });
  addExamples(show, 'job show 01a20884-0fde-7de2-a5a9-9bbb6dc070ee');
}

/** The record only has the start of the first attempt; the claims show the later ones. */
const lastClaim = (transitions: readonly Transition[]): Date | null =>
  transitions.findLast(({ event }) => event === 'claim')?.at ?? null;

function recordTable(job: OperatorJob, transitions: readonly Transition[]): string {
  return formatTable(
    ['Job', job.id],
    [
      ['Dataset', job.dataset],
      ['Owner', `${job.owner}, by key ${job.keyId}`],
      ['Type', job.type],
      ['Status', job.status],
      ['Created', formatTime(job.created)],
      ['Start time', formatTime(job.startTime)],
      ['Due', formatTime(job.due)],
      ['First started', formatTime(job.started)],
      ['Last started', formatTime(lastClaim(transitions))],
      ['Ended', formatTime(job.endTime)],
      ['Attempt', String(job.attempt)],
      ['Lost', String(job.lost)],
      ['Lease', job.leaseHolder === null ? '-' : leaseOf(job)],
      ['In Redis since', formatTime(job.enqueuedAt)],
      ['Message', job.message ?? '-'],
      ['Reason', job.reason ?? '-'],
      ['Busy since', formatTime(job.busySince)],
      ['Repeats', job.repeats ?? '-'],
      ['Repeated by', job.repeatedBy ?? '-'],
    ],
  );
}

const leaseOf = (job: OperatorJob): string =>
  `${job.leaseHolder} until ${formatTime(job.leaseExpires)}`;

const transitionTable = (transitions: readonly Transition[]): string =>
  formatList(transitions, 'Nothing has happened to it since it was accepted.', {
    AT: (it) => it.at.toISOString(),
    EVENT: (it) => it.event,
    ATTEMPT: (it) => String(it.attempt),
    BY: (it) => it.actor,
    MESSAGE: (it) => it.message ?? '-',
  });
