import { createOwner, listOwners, type OwnerSummary, ownerNamePattern } from '@kasabi/accounts';
import { recorded } from '@kasabi/operations';
import { type Command, InvalidArgumentError } from 'commander';
import { addExamples, jsonOption } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { formatTime, printResult } from '../output.ts';
import { formatList } from '../table.ts';
import { operatorAddress } from './operator.ts';

/** Adds `owner create` and `owner list`. */
export function addOwnerCommands(program: Command): void {
  const owner = program.command('owner').alias('owners').description('dataset owners');

  const create = owner
    .command('create')
    .description('create an owner')
    .argument('<NAME>', 'lower-case letters, digits, ".", "_" and "-"; at most 63', ownerName)
    .addOption(jsonOption())
    .action(async (name: string, options: { json?: true }) => {
      const asked = { action: 'owner-create', subject: name, operatorAddress } as const;
      const { id } = await withDatabase((pool) =>
        recorded(pool, asked, (client) => createOwner(client, name)),
      );
      const next = `npm run admin -- key issue ${name}`;
      printResult(options, { id, name }, `Created the owner ${name}. Next: ${next}`);
    });
  addExamples(create, 'owner create nasa');

  const list = owner
    .command('list')
    .description('list all owners, with how many datasets and valid keys each has')
    .addOption(jsonOption())
    .action(async (options: { json?: true }) => {
      const owners = await withDatabase((pool) => listOwners(pool));
      printResult(options, owners, ownerTable(owners));
    });
  addExamples(list, 'owner list');
}

const ownerTable = (owners: readonly OwnerSummary[]): string =>
  formatList(owners, 'There are no owners.', {
    OWNER: (it) => it.name,
    CREATED: (it) => formatTime(it.created),
    DATASETS: (it) => String(it.datasets),
    KEYS: (it) => String(it.keys),
  });

function ownerName(value: string): string {
  if (!ownerNamePattern.test(value)) {
    throw new InvalidArgumentError(
      'Use 1 to 63 lower-case letters, digits, ".", "_" and "-", and begin with a letter or digit.',
    );
  }
  return value;
}
