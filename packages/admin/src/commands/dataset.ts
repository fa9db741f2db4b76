import {
  countQuads,
  createDataset,
  type Dataset,
  getDataset,
  publishDataset,
  quadsTable,
} from '@kasabi/datasets';
import { formatCount, plural, recordAction, recordingRefusal } from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jsonOption, nonEmpty } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { formatTime, printResult } from '../output.ts';
import { formatTable } from '../table.ts';
import { addFileCommands } from './dataset-files.ts';
import { addDatasetList } from './dataset-list.ts';
import { addLoadCommand } from './dataset-load.ts';
import { addUnlockCommand } from './dataset-unlock.ts';
import { operatorAddress } from './operator.ts';

/** Adds `dataset create`, `publish`, `list`, `show`, `load`, `count` and `unlock`. */
export function addDatasetCommands(program: Command): void {
  const dataset = program
    .command('dataset')
    .alias('datasets')
    .description('datasets, their data and their locks');

  const create = dataset
    .command('create')
    .description('create an empty dataset, as a draft')
    .argument('<CODE>', 'its short code: lower-case letters, digits and hyphens; at most 63')
    .requiredOption('--owner <OWNER>', 'the name of its owner')
    .option('--title <TITLE>', 'its title; the short code unless given', nonEmpty)
    .addOption(jsonOption())
    .action(async (code: string, options: { owner: string; title?: string; json?: true }) => {
      const { owner, title } = options;
      const asked = { action: 'dataset-create', dataset: code, operatorAddress } as const;
      const about = { ...asked, detail: `for the owner ${owner}` };
      const wanted = { code, owner, ...(title !== undefined && { title }) };
      const made = await withDatabase((pool) =>
        recordingRefusal(pool, about, () =>
          createDataset(pool, wanted, (client) => recordAction(client, about)),
        ),
      );
      const next = `npm run admin -- dataset load ${code} FILE`;
      printResult(options, summary(made), `Created the dataset ${code}. Next: ${next}`);
    });
  addExamples(create, 'dataset create nasa --owner nasa --title "NASA space flight"');

  const publish = dataset
    .command('publish')
    .description('publish a dataset; does nothing to one that is already published')
    .argument('<CODE>', 'its short code')
    .addOption(jsonOption())
    .action(async (code: string, options: { json?: true }) => {
      const about = { action: 'dataset-publish', dataset: code, operatorAddress } as const;
      const published = await withDatabase((pool) =>
        recordingRefusal(pool, about, () =>
          publishDataset(pool, code, (client) => recordAction(client, about)),
        ),
      );
      const since = formatTime(published.published);
      printResult(options, summary(published), `${code} has been published since ${since}.`);
    });
  addExamples(publish, 'dataset publish nasa');

  addDatasetList(dataset);

  const show = dataset
    .command('show')
    .description('show a dataset: its state, its lock, its tables and how many quads they hold')
    .argument('<CODE>', 'its short code')
    .addOption(jsonOption())
    .action(async (code: string, options: { json?: true }) => {
      const details = await withDatabase(async (pool) => {
        const found = await getDataset(pool, code);
        const quads = await countQuads(pool, code);
        return { ...summary(found), tables: [quadsTable(found.id)], quads };
      });
      printResult(options, details, detailsTable(details));
    });
  addExamples(show, 'dataset show nasa', 'dataset show nasa --json');

  addLoadCommand(dataset);
  addFileCommands(dataset);

  const count = dataset
    .command('count')
    .description('count the quads of a dataset')
    .argument('<CODE>', 'its short code')
    .addOption(jsonOption())
    .action(async (code: string, options: { json?: true }) => {
      const quads = await withDatabase((pool) => countQuads(pool, code));
      printResult(options, { code, quads }, `${code} holds ${plural(quads, 'quad')}.`);
    });
  addExamples(count, 'dataset count nasa');

  addUnlockCommand(dataset);
}

type Summary = Omit<Dataset, 'id'>;

/** The registry's row without its internal id. */
function summary({ id: _, ...rest }: Dataset): Summary {
  return rest;
}

function detailsTable(details: Summary & { tables: readonly string[]; quads: number }): string {
  const { lockedBy, lockedAt } = details;
  return formatTable(
    ['Dataset', details.code],
    [
      ['Title', details.title],
      ['Owner', details.owner],
      ['Status', details.status],
      ['Created', formatTime(details.created)],
      ['Published', formatTime(details.published)],
      ['Storage mode', details.storageMode],
      ['Locked', lockedBy === null ? '-' : `by job ${lockedBy} since ${formatTime(lockedAt)}`],
      ['Fence', String(details.fence)],
      ['Jobs', details.jobsPaused ? 'paused' : 'start when they are due'],
      ['Tables', details.tables.join(', ')],
      ['Quads', formatCount(details.quads)],
    ],
  );
}
