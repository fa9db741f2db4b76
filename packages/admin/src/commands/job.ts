import { getDataset } from '@kasabi/datasets';
import { type JobRecord, listJobs } from '@kasabi/jobs';
import { type JobStatus, jobStatuses } from '@kasabi/protocol';
import { type Command, Option } from 'commander';
import { addExamples, jsonOption, wholeNumber } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { formatTime, print, printJson } from '../output.ts';
import { formatTable } from '../table.ts';

interface ListOptions {
  readonly dataset?: string;
  readonly status?: JobStatus;
  readonly limit: number;
  readonly json?: true;
}

/** Adds `job list`. */
export function addJobCommands(program: Command): void {
  const job = program.command('job').description('jobs');

  const list = job
    .command('list')
    .description('list jobs, newest first')
    .option('--dataset <CODE>', 'only those of this dataset')
    .addOption(new Option('--status <STATUS>', 'only those in this status').choices(jobStatuses))
    .option('--limit <N>', 'at most this many', wholeNumber(1, 10_000), 50)
    .addOption(jsonOption())
    .action(async ({ dataset, status, limit, json }: ListOptions) => {
      const jobs = await withDatabase(async (pool) => {
        // A dataset that is not there has no jobs either, but that is not what was meant.
        if (dataset !== undefined) await getDataset(pool, dataset);
        return await listJobs(pool, {
          limit,
          ...(dataset !== undefined && { datasetCode: dataset }),
          ...(status !== undefined && { status }),
        });
      });
      if (json) printJson(jobs);
      else print(jobs.length === 0 ? 'There are no such jobs.' : jobTable(jobs));
    });
  addExamples(list, 'job list', 'job list --dataset nasa --status failed --limit 5');
}

function jobTable(jobs: readonly JobRecord[]): string {
  return formatTable(
    ['ID', 'DATASET', 'TYPE', 'STATUS', 'START TIME', 'STARTED', 'ENDED', 'ATTEMPT', 'MESSAGE'],
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
