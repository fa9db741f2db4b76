import {
  countDatasets,
  type DatasetFilter,
  type ListedDataset,
  mostDatasetsCounted,
  mostOpenCounted,
  searchDatasets,
} from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jsonOption, nonEmpty, wholeNumber } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { formatCount, formatTime, print, printJson } from '../output.ts';
import { formatTable } from '../table.ts';
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
      if (json) printJson(found);
      else if (found.length === 0) print('No datasets match.');
      else print(`${listTable(found)}${rest(found, limit, total)}`);
    });
  addExamples(list, 'dataset list', 'dataset list --owner nasa --locked --json');
}

function rest(found: readonly ListedDataset[], limit: number, total: number): string {
  if (found.length < limit || total === found.length) return '';
  const of = total >= mostDatasetsCounted ? `${formatCount(total)} or more` : formatCount(total);
  return `\n\n${formatCount(found.length)} of ${of}; for the next page: --after ${found.at(-1)?.code}`;
}

function listTable(datasets: readonly ListedDataset[]): string {
  return formatTable(
    ['CODE', 'OWNER', 'STATUS', 'STORAGE', 'PAUSED', 'SCHEDULED', 'CREATED', 'TITLE'],
    datasets.map((it) => [
      it.code,
      it.owner,
      it.status,
      it.storageMode,
      it.paused ? 'yes' : '-',
      it.scheduled >= mostOpenCounted
        ? `${formatCount(mostOpenCounted)}+`
        : formatCount(it.scheduled),
      formatTime(it.created),
      it.title,
    ]),
  );
}
