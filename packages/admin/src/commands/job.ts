import { getDataset } from '@kasabi/datasets';
import { type JobRecord, type RecordStatus, recordStatuses } from '@kasabi/jobs';
import { searchJobs } from '@kasabi/operations';
import { type JobType, jobTypeNames } from '@kasabi/protocol';
import { type Command, Option } from 'commander';
import { addExamples, jobId, jsonOption, wholeNumber } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { formatTime, print, printJson } from '../output.ts';
import { formatTable } from '../table.ts';
import { addJobActions } from './job-actions.ts';
import { addShowCommand } from './job-show.ts';

interface ListOptions {
  readonly dataset?: string;
  readonly status?: RecordStatus;
  readonly type?: JobType;
  readonly text?: string;
  readonly before?: string;
  readonly limit: number;
  readonly json?: true;
}

/** Adds `job list`, `show`, `cancel` and `retry`. */
export function addJobCommands(program: Command): void {
  const job = program.command('job').alias('jobs').description('jobs');

  const list = job
    .command('list')
    .description('list jobs, newest first')
    .option('--dataset <CODE>', 'only those of this dataset')
    .addOption(new Option('--status <STATUS>', 'only those in this status').choices(recordStatuses))
    .addOption(new Option('--type <TYPE>', 'only those of this type').choices(jobTypeNames))
    .option(
      '--text <TEXT>',
      'only those whose id begins like this, or whose dataset has it in its code',
    )
    .option('--before <ID>', 'only those older than this job: the last of the page before', jobId)
    .option('--limit <N>', 'at most this many', wholeNumber(1, 10_000), 50)
    .addOption(jsonOption())
    .action(async ({ json, ...search }: ListOptions) => {
      const { dataset } = search;
      const jobs = await withDatabase(async (pool) => {
        // A dataset that is not there has no jobs either, but that is not what was meant.
        if (dataset !== undefined) await getDataset(pool, dataset);
        return await searchJobs(pool, search);
      });
      if (json) printJson(jobs);
      else print(jobs.length === 0 ? 'There are no such jobs.' : jobTable(jobs));
    });
  addExamples(list, 'job list', 'job list --dataset nasa --status failed --limit 5');

  addShowCommand(job);
  addJobActions(job);
}

function jobTable(jobs: readonly JobRecord[]): string {
  return formatTable(
    [
      'ID',
      'DATASET',
      'TYPE',
      'STATUS',
      'START TIME',
      'FIRST STARTED',
      'ENDED',
      'ATTEMPT',
      'MESSAGE',
    ],
    jobs.map((it) => [
      it.id,
      it.dataset,
      it.type,
      it.status,
      formatTime(it.startTime),
      formatTime(it.started),
      formatTime(it.endTime),
      String(it.attempt),
      it.message ?? '-',
    ]),
  );
}
