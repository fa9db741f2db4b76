import type { JobRecord } from '@kasabi/jobs';
import { mostLookedAt, searchJobs } from '@kasabi/jobs';
import { parseJobFilter } from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jobId, jsonOption, wholeNumber } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { formatCount, formatTime, print, printError, printJson } from '../output.ts';
import { formatTable } from '../table.ts';
import { checkNames } from './check-names.ts';
import { addJobActions } from './job-actions.ts';
import { addBulkActions } from './job-bulk.ts';
import { addFilterOptions, type FilterOptions } from './job-filter-options.ts';
import { addShowCommand } from './job-show.ts';

interface ListOptions extends FilterOptions {
  readonly before?: string;
  readonly limit: number;
  readonly json?: true;
}

/** Adds `job list`, `show`, `cancel`, `retry`, `cancel-all` and `retry-all`. */
export function addJobCommands(program: Command): void {
  const job = program.command('job').alias('jobs').description('jobs');

  const list = addFilterOptions(job.command('list').description('list jobs, newest first'))
    .option('--before <ID>', 'only those older than this job: the last of the previous page', jobId)
    .option('--limit <N>', 'at most this many', wholeNumber(1, 10_000), 50)
    .addOption(jsonOption())
    .action(async ({ json, limit, before, ...given }: ListOptions) => {
      const { filter } = parseJobFilter(given);
      const { jobs, searchedTo } = await withDatabase(async (pool) => {
        await checkNames(pool, filter);
        return await searchJobs(pool, { ...filter, limit, before });
      });
      if (json) printJson(jobs);
      else print(jobs.length === 0 ? 'No jobs match.' : jobTable(jobs));
      if (searchedTo !== undefined) {
        printError(
          `Searched the newest ${formatCount(mostLookedAt)} jobs; to continue: --before ${searchedTo}`,
        );
      } else if (jobs.length === limit && !json) {
        print(`\nFor the next page: --before ${jobs.at(-1)?.id}`);
      }
    });
  addExamples(
    list,
    'job list',
    'job list --dataset nasa --status failed --limit 5',
    'job list --owner nasa --message busy --time ended --from 2h',
  );

  addShowCommand(job);
  addJobActions(job);
  addBulkActions(job);
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
