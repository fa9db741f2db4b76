import {
  countDatasets,
  type DatasetFilter,
  formatCount,
  type ListedDataset,
  mostDatasetsCounted,
  mostOpenCounted,
  searchDatasets,
} from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jsonOption, nonEmpty, wholeNumber } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { formatTime, printResult } from '../output.ts';
import { formatList } from '../table.ts';
import { checkNames } from './check-names.ts';
import { oneOf } from './job-filter-options.ts';

interface ListOptions {
  readonly owner?: string;
  readonly status?: 'draft' | 'published';
  readonly locked?: true;
  readonly paused?: true;
  readonly text?: string;
  readonly after?: string;
  readonly limit: number;
  readonly json?: true;
}

/** Adds `dataset list`. */
export function addDatasetList(dataset: Command): void {
  const list = dataset
    .command('list')
    .description('list datasets by short code')
    .option('--owner <OWNER>', 'only those of this owner', nonEmpty)
    .option(
      '--status <STATUS>',
      'only draft or only published ones',
      oneOf('status', ['draft', 'published']),
    )
    .option('--locked', 'only locked ones')
    .option('--paused', 'only those that are paused themselves')
    .option('--text <TEXT>', 'only those whose code contains this', nonEmpty)
    .option('--after <CODE>', 'only those after this one: the last of the previous page', nonEmpty)
    .option('--limit <N>', 'at most this many', wholeNumber(1, 10_000), 1_000)
    .addOption(jsonOption())
    .action(async ({ json, limit, after, ...filter }: ListOptions) => {
      const [found, total] = await withDatabase(async (pool) => {
        await checkNames(pool, { owner: filter.owner });
        return [
          await searchDatasets(pool, { ...filter, limit, after }),
          await countDatasets(pool, filter satisfies DatasetFilter),
        ];
      });
      printResult({ json }, found, `${listTable(found)}${rest(found, limit, total)}`);
    });
  addExamples(list, 'dataset list', 'dataset list --owner nasa --locked --json');
}

function rest(found: readonly ListedDataset[], limit: number, total: number): string {
  if (found.length < limit || total === found.length) return '';
  const of = total >= mostDatasetsCounted ? `${formatCount(total)} or more` : formatCount(total);
  return `\n\n${formatCount(found.length)} of ${of}; for the next page: --after ${found.at(-1)?.code}`;
}

const listTable = (datasets: readonly ListedDataset[]): string =>
  formatList(datasets, 'No datasets match.', {
    CODE: (it) => it.code,
    OWNER: (it) => it.owner,
    STATUS: (it) => it.status,
    STORAGE: (it) => it.storageMode,
    PAUSED: (it) => (it.paused ? 'yes' : '-'),
    SCHEDULED: (it) => `${formatCount(it.scheduled)}${it.scheduled >= mostOpenCounted ? '+' : ''}`,
    CREATED: (it) => formatTime(it.created),
    TITLE: (it) => it.title,
  });
