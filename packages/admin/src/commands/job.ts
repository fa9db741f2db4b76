import type { JobRecord } from '@kasabi/jobs';
import { mostLookedAt, searchJobs } from '@kasabi/jobs';
import { type FilterParameters, formatCount, parseJobFilter } from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jobId, jsonOption, wholeNumber } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { formatTime, print, printError, printResult } from '../output.ts';
import { formatList } from '../table.ts';
import { checkNames } from './check-names.ts';
import { addJobActions } from './job-actions.ts';
import { addBulkActions } from './job-bulk.ts';
import { addFilterOptions } from './job-filter-options.ts';
import { addShowCommand } from './job-show.ts';
import { addSubmitCommand } from './job-submit.ts';

interface ListOptions extends FilterParameters {
  readonly before?: string;
  readonly limit: number;
  readonly json?: true;
}

/** Adds `job list`, `show`, `submit`, `cancel`, `retry`, `cancel-all` and `retry-all`. */
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
      printResult({ json }, jobs, jobTable(jobs));
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
  addSubmitCommand(job);
  addJobActions(job);
  addBulkActions(job);
}

const jobTable = (jobs: readonly JobRecord[]): string =>
  formatList(jobs, 'No jobs match.', {
    ID: (it) => it.id,
    DATASET: (it) => it.dataset,
    TYPE: (it) => it.type,
    STATUS: (it) => it.status,
    'START TIME': (it) => formatTime(it.startTime),
    'FIRST STARTED': (it) => formatTime(it.started),
    ENDED: (it) => formatTime(it.endTime),
    ATTEMPT: (it) => String(it.attempt),
    MESSAGE: (it) => it.message ?? '-',
  });
