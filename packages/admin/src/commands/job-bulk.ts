import type { JobFilter } from '@kasabi/jobs';
import {
  type BulkVerb,
  countForBulk,
  describeBulk,
  describeOutcomes,
  type FilterParameters,
  formatCount,
  mostInBulk,
  parseJobFilter,
  runBulk,
} from '@kasabi/operations';
import type { Command } from 'commander';
import type pg from 'pg';
import { addExamples, jsonOption } from '../arguments.ts';
import { confirm, yesOption } from '../confirm.ts';
import { withDatabase } from '../database.ts';
import { ActionRefused, requireDone } from '../errors.ts';
import { withInterrupt } from '../interrupt.ts';
import { printResult } from '../output.ts';
import { checkNames } from './check-names.ts';
import { addFilterOptions } from './job-filter-options.ts';
import { operatorAddress } from './operator.ts';

/** Adds `job cancel-all` and `job retry-all`. */
export function addBulkActions(job: Command): void {
  const cancel = add(
    job,
    'cancel',
    'cancel all scheduled jobs that match the options; they will not run and cannot be repeated',
  );
  addExamples(cancel, 'job cancel-all --owner nasa', 'job cancel-all --dataset books --from 2h');
  const retry = add(
    job,
    'retry',
    'repeat all failed jobs that match the options with new ones, due at once; each can be repeated once',
  );
  addExamples(retry, 'job retry-all --message "database was unavailable" --time ended --from 1d');
}

interface BulkOptions extends FilterParameters {
  readonly yes?: true;
  readonly json?: true;
}

const consequences: Readonly<Record<BulkVerb, string>> = {
  cancel: 'They will not run and cannot be repeated.',
  retry: 'A reset deletes the data that its dataset has then.',
};

function add(job: Command, verb: BulkVerb, description: string): Command {
  return addFilterOptions(job.command(`${verb}-all`).description(description))
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async ({ yes, json, ...given }: BulkOptions) => {
      const { filter } = parseJobFilter(given);
      const came = await withInterrupt((signal) =>
        withDatabase(async (pool) => {
          const agreed = await agree(pool, verb, filter, yes);
          return requireDone(
            await runBulk(pool, { verb, filter, agreed, operatorAddress, signal }),
          );
        }),
      );
      printResult({ json }, came, `${capital(describeOutcomes(came.outcomes, came.left))}.`);
    });
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/**
 * Asks the operator, and returns what they have agreed to.
 *
 * @throws ActionRefused when there is nothing to do, or too much; NotConfirmed.
 */
async function agree(pool: pg.Pool, verb: BulkVerb, filter: JobFilter, yes: true | undefined) {
  await checkNames(pool, filter);
  const agreed = await countForBulk(pool, verb, filter);
  if (agreed.count === 0) {
    throw new ActionRefused(
      `There are no ${describeBulk(verb, filter, 0).slice(2)}; nothing was changed.`,
    );
  }
  if (agreed.count > mostInBulk) {
    throw new ActionRefused(
      `More than ${formatCount(mostInBulk)} jobs match; nothing was changed. Narrow the options.`,
    );
  }
  const word = verb === 'cancel' ? 'cancel' : 'repeat';
  await confirm(
    `This will ${word} ${describeBulk(verb, filter, agreed.count)}. ${consequences[verb]}`,
    yes,
  );
  return agreed;
}
