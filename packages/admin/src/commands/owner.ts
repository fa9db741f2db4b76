import { createOwner, ownerNamePattern } from '@kasabi/accounts';
import { type Command, InvalidArgumentError } from 'commander';
import { addExamples, jsonOption } from '../arguments.ts';
import { withDatabase } from '../database.ts';
import { print, printJson } from '../output.ts';

/** Adds `owner create`. */
export function addOwnerCommands(program: Command): void {
  const owner = program.command('owner').description('those to whom datasets belong');

  const create = owner
    .command('create')
    .description('create an owner')
    .argument('<NAME>', 'lower-case letters, digits, ".", "_" and "-"; at most 63', ownerName)
    .addOption(jsonOption())
    .action(async (name: string, options: { json?: true }) => {
      const { id } = await withDatabase((pool) => createOwner(pool, name));
      if (options.json) printJson({ id, name });
      else print(`Created the owner ${name}. Next: npm run admin -- key issue ${name}`);
    });
  addExamples(create, 'owner create nasa');
}

function ownerName(value: string): string {
  if (!ownerNamePattern.test(value)) {
    throw new InvalidArgumentError(
      'Use 1 to 63 lower-case letters, digits, ".", "_" and "-", and begin with a letter or digit.',
    );
  }
  return value;
}
