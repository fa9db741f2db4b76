import { cancelAsOperator, retryAsOperator } from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jobId, jsonOption } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { ActionRefused, JobUnknown } from '../errors.ts';
import { print, printJson } from '../output.ts';
import { operatorAddress } from './operator.ts';

/** Adds `job cancel` and `job retry`. */
export function addJobActions(job: Command): void {
  const cancel = job
    .command('cancel')
    .description('cancel a scheduled job, for good: it does not run and cannot be repeated')
    .argument('<ID>', "the job's id", jobId)
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: true }) => {
      const result = await withDatabase((pool) =>
        cancelAsOperator(pool, { jobId: id, operatorAddress }),
      );
      if (result.outcome === 'job-unknown') throw new JobUnknown(id);
      if (result.outcome === 'not-scheduled') {
        throw new ActionRefused(
          `Only a scheduled job can be cancelled; this one is ${result.status}.`,
        );
      }
      if (options.json) printJson({ id, cancelled: true });
      else print(`Cancelled the job ${id}; it will not run.`);
    });
  addExamples(cancel, 'job cancel 01a20884-0fde-7de2-a5a9-9bbb6dc070ee');

  const retry = job
    .command('retry')
    .description('repeat a failed job by a new one, due at once; each is repeated once')
    .argument('<ID>', "the failed job's id", jobId)
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: true }) => {
      const result = await withDatabase((pool) =>
        retryAsOperator(pool, { jobId: id, operatorAddress }),
      );
      switch (result.outcome) {
        case 'job-unknown':
          throw new JobUnknown(id);
        case 'not-failed':
          throw new ActionRefused(
            `Only a failed job can be repeated; this one is ${result.status}.`,
          );
        case 'cancelled':
          throw new ActionRefused(
            'It was cancelled, so it is not repeated; nothing was changed. If it is to be done after all, its owner asks for a new job.',
          );
        case 'repeated':
          throw new ActionRefused(`It was repeated already, by the job ${result.jobId}.`);
        case 'done':
          if (options.json) printJson({ id: result.jobId, repeats: id, dataset: result.dataset });
          else print(`The job ${result.jobId} of ${result.dataset} repeats it; it is due at once.`);
      }
    });
  addExamples(retry, 'job retry 01a20884-0fde-7de2-a5a9-9bbb6dc070ee');
}
