import { jobTypeNames, recordStatuses } from '@kasabi/domain';
import { filterTimes } from '@kasabi/jobs';
import { isWordOf, parseMoment, unknownWord } from '@kasabi/operations';
import { type Command, InvalidArgumentError } from 'commander';
import { nonEmpty } from '../arguments.ts';

/** Adds the options that select jobs; `parseJobFilter` reads them. */
export function addFilterOptions(command: Command): Command {
  const time = 'such as 2026-11-25, 2026-11-25T12:00Z, or 2h (two hours ago)';
  return command
    .option('--owner <OWNER>', 'only those of this owner', nonEmpty)
    .option('--dataset <CODE>', 'only those of this dataset', nonEmpty)
    .option(
      '--status <STATUS>',
      `only those in this status: ${recordStatuses.join(', ')}`,
      oneOf('status', recordStatuses),
    )
    .option(
      '--type <TYPE>',
      `only those of this type: ${jobTypeNames.join(', ')}`,
      oneOf('type', jobTypeNames),
    )
    .option('--from <TIME>', `only those from this time on, ${time}`, moment)
    .option('--to <TIME>', 'only those before this time', moment)
    .option(
      '--time <WHICH>',
      `the time that --from and --to refer to: ${filterTimes.join(', ')}; created unless given`,
      oneOf('time', filterTimes),
    )
    .option('--message <TEXT>', 'only those whose message contains this', nonEmpty)
    .option(
      '--text <TEXT>',
      'only those whose id begins with this, or whose dataset has it in its code',
      nonEmpty,
    );
}

/** A parser for one of several words; suggests the nearest. */
export function oneOf(name: string, words: readonly string[]): (value: string) => string {
  return (value) => {
    if (!isWordOf(words, value)) throw new InvalidArgumentError(unknownWord(name, value, words));
    return value;
  };
}

function moment(value: string): string {
  if (parseMoment(value, new Date()) === undefined) {
    throw new InvalidArgumentError(
      'Give a time such as 2026-11-25, 2026-11-25T12:00Z, or 2h (two hours ago).',
    );
  }
  return value;
}
