import { isUuid } from '@kasabi/domain';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** A parser for whole numbers within bounds, for commander. */
export function wholeNumber(from: number, to: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < from || number > to) {
      throw new InvalidArgumentError(`Give a whole number from ${from} to ${to}.`);
    }
    return number;
  };
}

/** A parser for text, for commander. */
export function nonEmpty(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
}

/** A parser for a job's id, for commander. */
export function jobId(value: string): string {
  const id = value.toLowerCase();
  if (!isUuid(id)) {
    throw new InvalidArgumentError(
      'Give the whole id, such as 01a20884-0fde-7de2-a5a9-9bbb6dc070ee.',
    );
  }
  return id;
}

/** The option of every command. */
export function jsonOption(): Option {
  return new Option('--json', 'print the result as one JSON document');
}

/** Adds examples to a command's help. */
export function addExamples(command: Command, ...examples: readonly string[]): Command {
  const lines = examples.map((example) => `  npm run admin -- ${example}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
