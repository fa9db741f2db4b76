import { estimateQuads, findDataset } from '@kasabi/datasets';
import {
  cancelAsOperator,
  formatCount,
  type OperatorJob,
  readJob,
  repeatAsOperator,
} from '@kasabi/operations';
import type { Command } from 'commander';
import type pg from 'pg';
import { addExamples, jobId, jsonOption } from '../arguments.ts';
import { confirm, yesOption } from '../confirm.ts';
import { withDatabase } from '../database.ts';
import { requireDone } from '../errors.ts';
import { formatTime, printResult } from '../output.ts';
import { operatorAddress } from './operator.ts';

/** Adds `job cancel` and `job retry`. */
export function addJobActions(job: Command): void {
  add(
    job.command('cancel'),
    'cancel a scheduled job, or a running export or restore, for good: it has no effect and cannot be repeated',
    async (pool, id, yes) => {
      const found = await readJob(pool, id);
      // A running job may be scheduled again before it is cancelled.
      if (found?.endTime === null) await confirm(consequenceOfCancel(found), yes);
      requireDone(await cancelAsOperator(pool, { jobId: id, operatorAddress }), id);
      return [{ id, cancelled: true }, `Cancelled the job ${id}; it has no effect.`];
    },
  );
  add(
    job.command('retry'),
    'repeat a failed job with a new one, due at once; each can be repeated once',
    async (pool, id, yes) => {
      const found = await readJob(pool, id);
      if (found?.status === 'failed' && found.repeatedBy === null) {
        await confirm(await consequenceOfRetry(pool, found), yes);
      }
      const repeated = await repeatAsOperator(pool, { jobId: id, operatorAddress });
      const { jobId: made, dataset } = requireDone(repeated, id);
      const words = `The job ${made} of ${dataset} repeats it; it is due at once.`;
      return [{ id: made, repeats: id, dataset }, words];
    },
  );
}

function add(
  command: Command,
  description: string,
  act: (
    pool: pg.Pool,
    id: string,
    yes: true | undefined,
  ) => Promise<[result: object, words: string]>,
): void {
  command
    .description(description)
    .argument('<ID>', "the job's id", jobId)
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (id: string, options: { yes?: true; json?: true }) => {
      const [result, words] = await withDatabase((pool) => act(pool, id, options.yes));
      printResult(options, result, words);
    });
  const example = `job ${command.name()} 01a20884-0fde-7de2-a5a9-9bbb6dc070ee`;
  addExamples(command, example, `${example} --yes`);
}

function consequenceOfCancel(job: OperatorJob): string {
  return `This cancels the ${job.type} of the dataset ${job.dataset} of ${job.owner}, set for ${formatTime(job.startTime)}: it has no effect and cannot be repeated.`;
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
