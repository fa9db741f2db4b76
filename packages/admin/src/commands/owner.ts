import { createOwner, listOwners, type OwnerSummary, ownerNamePattern } from '@kasabi/accounts';
import { recorded } from '@kasabi/operations';
import { type Command, InvalidArgumentError } from 'commander';
import { addExamples, jsonOption } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { formatTime, print, printJson } from '../output.ts';
import { formatTable } from '../table.ts';
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
      if (options.json) printJson({ id, name });
      else print(`Created the owner ${name}. Next: npm run admin -- key issue ${name}`);
    });
  addExamples(create, 'owner create nasa');

  const list = owner
    .command('list')
    .description('list all owners, with how many datasets and valid keys each has')
    .addOption(jsonOption())
    .action(async (options: { json?: true }) => {
      const owners = await withDatabase((pool) => listOwners(pool));
      if (options.json) printJson(owners);
      else print(owners.length === 0 ? 'There are no owners.' : ownerTable(owners));
    });
  addExamples(list, 'owner list');
}

function ownerTable(owners: readonly OwnerSummary[]): string {
  return formatTable(
    ['OWNER', 'CREATED', 'DATASETS', 'KEYS'],
    owners.map((it) => [it.name, formatTime(it.created), String(it.datasets), String(it.keys)]),
  );
}

function ownerName(value: string): string {
  if (!ownerNamePattern.test(value)) {
    throw new InvalidArgumentError(
      'Use 1 to 63 lower-case letters, digits, ".", "_" and "-", and begin with a letter or digit.',
    );
  }
  return value;
}
