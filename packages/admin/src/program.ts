import { Command, CommanderError } from 'commander';
import { addDatasetCommands } from './commands/dataset.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addFindingCommands } from './commands/finding.ts';
import { addJobCommands } from './commands/job.ts';
import { addKeyCommands } from './commands/key.ts';
import { addMigrateCommand } from './commands/migrate.ts';
import { addOwnerCommands } from './commands/owner.ts';
import { addPauseCommands } from './commands/pause.ts';
import { describeError, NotConfirmed } from './errors.ts';
import { printError } from './output.ts';

/** The exit codes of the command line. */
export const exitCode = { done: 0, failed: 1, usage: 2, notConfirmed: 4 } as const;

/**
 * Runs the operator's command line and returns its exit code. The result goes to standard output,
 * everything else to standard error.
 *
 * @param args what follows the program's name.
 */
export async function runAdmin(args: readonly string[]): Promise<number> {
  let code: number = exitCode.done;
  const program = buildProgram((verdict) => {
    code = verdict;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has already printed its message; requested help also comes here, with 0.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCode.done : exitCode.usage;
    printError(describeError(error));
    return error instanceof NotConfirmed ? exitCode.notConfirmed : exitCode.failed;
  }
}

function buildProgram(exit: (code: number) => void): Command {
  const program = new Command('npm run admin --')
    .description("Kasabi's operator's command line: owners, API keys, datasets, jobs, health")
    // Before the commands, which inherit both.
    .exitOverride()
    .showHelpAfterError('(use --help for usage)');
  addOwnerCommands(program);
  addKeyCommands(program);
  addDatasetCommands(program);
  addJobCommands(program);
  addPauseCommands(program);
  addMigrateCommand(program);
  addDoctorCommand(program, exit);
  addFindingCommands(program);
  program.addHelpText(
    'after',
    `
Setting:
  DATABASE_URL  the Postgres to work on, postgresql://USER:PASSWORD@HOST/DATABASE;
                unset, "npm run admin" takes that of the local stack

Exit codes: 0 done, 1 failed (standard error says why), 2 wrong usage, 4 not confirmed and nothing changed;
doctor has one more. Commands that cannot be undone ask first, unless --yes is given.`,
  );
  return program;
}
