import { estimateQuads, findDataset } from '@kasabi/datasets';
import { cancelAsOperator, type OperatorJob, readJob, repeatAsOperator } from '@kasabi/operations';
import type { Command } from 'commander';
import type pg from 'pg';
import { addExamples, jobId, jsonOption } from '../arguments.ts';
import { confirm, yesOption } from '../confirm.ts';
import { withDatabase } from '../database.ts';
import { requireDone } from '../errors.ts';
import { formatCount, formatTime, print, printJson } from '../output.ts';
import { operatorAddress } from './operator.ts';

/** Adds `job cancel` and `job retry`. */
export function addJobActions(job: Command): void {
  const cancel = job
    .command('cancel')
    .description('cancel a scheduled job for good: it will not run and cannot be repeated')
    .argument('<ID>', "the job's id", jobId)
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (id: string, options: { yes?: true; json?: true }) => {
      await withDatabase(async (pool) => {
        const found = await readJob(pool, id);
        // A running job may be scheduled again before it is cancelled.
        if (found !== undefined && found.endTime === null) {
          await confirm(consequenceOfCancel(found), options.yes);
        }
        requireDone(await cancelAsOperator(pool, { jobId: id, operatorAddress }), id);
      });
      if (options.json) printJson({ id, cancelled: true });
      else print(`Cancelled the job ${id}; it will not run.`);
    });
  addExamples(
    cancel,
    'job cancel 01a20884-0fde-7de2-a5a9-9bbb6dc070ee',
    'job cancel 01a20884-0fde-7de2-a5a9-9bbb6dc070ee --yes',
  );

  const retry = job
    .command('retry')
    .description('repeat a failed job with a new one, due at once; each can be repeated once')
    .argument('<ID>', "the failed job's id", jobId)
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (id: string, options: { yes?: true; json?: true }) => {
      const { jobId, dataset } = await withDatabase(async (pool) => {
        const found = await readJob(pool, id);
        if (found?.status === 'failed' && found.repeatedBy === null) {
          await confirm(await consequenceOfRetry(pool, found), options.yes);
        }
        return requireDone(await repeatAsOperator(pool, { jobId: id, operatorAddress }), id);
      });
      if (options.json) printJson({ id: jobId, repeats: id, dataset });
      else print(`The job ${jobId} of ${dataset} repeats it; it is due at once.`);
    });
  addExamples(
    retry,
    'job retry 01a20884-0fde-7de2-a5a9-9bbb6dc070ee',
    'job retry 01a20884-0fde-7de2-a5a9-9bbb6dc070ee --yes',
  );
}

function consequenceOfCancel(job: OperatorJob): string {
  return `This cancels the ${job.type} of the dataset ${job.dataset} of ${job.owner}, set for ${formatTime(job.startTime)}: it will not run and cannot be repeated.`;
}

/** What a repeated job does to the dataset in its present state. */
async function consequenceOfRetry(pool: pg.Pool, job: OperatorJob): Promise<string> {
  const dataset = await findDataset(pool, job.dataset);
  const quads = dataset === undefined ? undefined : await estimateQuads(pool, dataset.id);
  const count = quads && `${quads.isExact ? '' : 'about '}${formatCount(quads.quads)} quads`;
  const held = [count, dataset?.status].filter((it) => it !== undefined).join(', ');
  const where = `the dataset ${job.dataset} of ${job.owner} (${held})`;
  const what =
    job.type === 'reset'
      ? `deletes all data of ${where}, including what was loaded since it failed`
      : `runs a ${job.type} on ${where}`;
  return `This repeats the job ${job.id}, which failed at ${formatTime(job.endTime)}: at once, it ${what}.`;
}
