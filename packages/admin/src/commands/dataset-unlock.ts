import { type DatasetPage, readDatasetPage, unlockAsOperator } from '@kasabi/operations';
import type { Command } from 'commander';
import { addExamples, jsonOption } from '../arguments.ts';
import { confirm, yesOption } from '../confirm.ts';
import { withDatabase } from '../database.ts';
import { requireDone } from '../errors.ts';
import { formatTime, printResult } from '../output.ts';
import { operatorAddress } from './operator.ts';

/** Adds `dataset unlock`. */
export function addUnlockCommand(dataset: Command): void {
  const unlock = dataset
    .command('unlock')
    .description('unlock a dataset whose job has ended or does not exist')
    .argument('<CODE>', 'its short code')
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (code: string, options: { yes?: true; json?: true }) => {
      await withDatabase(async (pool) => {
        const page = await readDatasetPage(pool, code, { limit: 1 });
        if (page?.lockAbandoned) await confirm(consequenceOf(page), options.yes);
        requireDone(await unlockAsOperator(pool, { dataset: code, operatorAddress }), code);
      });
      printResult(options, { code, unlocked: true }, `${code} is read-write again.`);
    });
  addExamples(unlock, 'dataset unlock nasa', 'dataset unlock nasa --yes');
}

function consequenceOf({ dataset, lockStatus }: DatasetPage): string {
  const job = lockStatus === null ? 'which does not exist' : `which is ${lockStatus}`;
  return `This makes the dataset ${dataset.code} of ${dataset.owner} read-write: it has been locked since ${formatTime(dataset.lockedAt)} by the job ${dataset.lockedBy}, ${job}.`;
}
